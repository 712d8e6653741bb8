// Verifies the running deployment: every container runs the image that it should, and the probe's checks pass.
// Standard input: {"probe": container, "containers": {name: "repository@sha256:…"}}. Standard output: the verification,
// {"passed", "at", "checks": [{"name", "passed", "detail"}]}. Exit code 1 when it did not pass.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const docker = (...args) => spawnSync("docker", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
// One that is gone is an exit code other than 0, and the others are listed all the same.
const inspect = (...args) => JSON.parse(docker("inspect", ...args).stdout || "[]");

/** What runs, asked of the engine: a label or a configuration says only what was meant to run. */
function digests(containers) {
  const found = new Map(
    inspect("--type", "container", ...Object.keys(containers)).map((one) => [one.Name.slice(1), one]),
  );
  const images = new Map();
  const problems = Object.entries(containers).flatMap(([name, ref]) => {
    const container = found.get(name);
    if (container === undefined) return [`${name} does not exist`];
    if (!container.State.Running) return [`${name} is ${container.State.Status}`];
    if (!images.has(container.Image)) images.set(container.Image, inspect("--type", "image", container.Image)[0]);
    const known = images.get(container.Image)?.RepoDigests ?? [];
    return known.includes(ref) ? [] : [`${name} runs ${container.Image} (${known.join(", ")}) instead of ${ref}`];
  });
  const detail = problems.length > 0 ? problems.join("; ") : `${Object.keys(containers).length} containers`;
  return { name: "every container runs its pinned digest", passed: problems.length === 0, detail };
}

function probed(container) {
  const { stdout, stderr } = docker("start", "--attach", container);
  try {
    const { checks } = JSON.parse(stdout);
    // A probe that checked nothing has verified nothing.
    if (!Array.isArray(checks) || checks.length === 0) throw new Error("no checks");
    return checks;
  } catch {
    const last = `${stderr}${stdout}`.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
    return [{ name: "the probe runs", passed: false, detail: last || `${container} said nothing` }];
  }
}

const { probe, containers } = JSON.parse(readFileSync(0, "utf8"));
const checks = [digests(containers), ...probed(probe)];
const passed = checks.every((check) => check.passed);
console.log(JSON.stringify({ passed, at: new Date().toISOString(), checks }));
if (!passed) {
  const failed = checks.filter((check) => !check.passed).map(({ name, detail }) => `  not so: ${name} (${detail})`);
  console.error(`the deployment is up, but ${failed.length} of ${checks.length} checks failed:\n${failed.join("\n")}`);
  process.exitCode = 1;
}
