/** One build by BuildKit's own client. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { flag, map, object, objects, text, texts } from "../support/inputs";
import { OperationError, type Call } from "../support/plugin";
import type { Values } from "../support/wire";
import { isRemote, type Sources } from "./context";
import { attributes, COMPRESSION, csv, isPushed, outputs } from "./exports";

/** Lines of a failed build's log that its error repeats. */
const LAST_LINES = 40;

const CACHE = { mode: "mode", ignoreError: "ignore-error", ...COMPRESSION };

function caches(inputs: Values): string[] {
  const from = objects(inputs, "cacheFrom").flatMap((entry): string[] => {
    const [registry, local] = [object(entry, "registry"), object(entry, "local")];
    if (flag(entry, "disabled")) return [];
    if (registry) return ["--import-cache", csv(["type=registry", ...attributes(registry, { ref: "ref" })])];
    return local ? ["--import-cache", csv(["type=local", ...attributes(local, { src: "src", digest: "digest" })])] : [];
  });
  const to = objects(inputs, "cacheTo").flatMap((entry): string[] => {
    const [registry, local] = [object(entry, "registry"), object(entry, "local")];
    if (flag(entry, "disabled")) return [];
    if (object(entry, "inline")) return ["--export-cache", "type=inline"];
    const more = { imageManifest: "image-manifest", ...CACHE };
    if (registry) return ["--export-cache", csv(["type=registry", ...attributes(registry, { ref: "ref", ...more })])];
    return local ? ["--export-cache", csv(["type=local", ...attributes(local, { dest: "dest", ...CACHE })])] : [];
  });
  return [...from, ...to];
}

/** Arguments of `buildctl build`. Secrets are files in the given folder, never arguments. */
function buildArguments(inputs: Values, sources: Sources, scratch: string): string[] {
  const options: string[] = [];
  const option = (name: string, value: string | undefined) => {
    if (value !== undefined) options.push("--opt", `${name}=${value}`);
  };
  if (isRemote(sources.context)) option("context", sources.context);
  else options.push("--local", `context=${sources.context}`);
  if (sources.inline !== undefined) {
    fs.writeFileSync(path.join(scratch, "Dockerfile"), sources.inline);
    options.push("--local", `dockerfile=${scratch}`);
  } else if (sources.dockerfile !== undefined) {
    options.push("--local", `dockerfile=${path.dirname(sources.dockerfile)}`);
    option("filename", path.basename(sources.dockerfile));
  }
  for (const [name, location] of Object.entries(sources.named)) {
    option(`context:${name}`, isRemote(location) ? location : `local:${name}`);
    if (!isRemote(location)) options.push("--local", `${name}=${location}`);
  }
  option("target", text(inputs, "target"));
  option("platform", texts(inputs, "platforms")?.join(","));
  for (const [name, value] of Object.entries(map(inputs, "buildArgs") ?? {})) option(`build-arg:${name}`, value);
  for (const [name, value] of Object.entries(map(inputs, "labels") ?? {})) option(`label:${name}`, value);
  option(
    "add-hosts",
    texts(inputs, "addHosts")
      ?.map((host) => host.replace(":", "="))
      .join(","),
  );
  const network = text(inputs, "network");
  if (network !== undefined && network !== "default") option("force-network-mode", network);
  if (network === "host") options.push("--allow", "network.host");
  // As buildx has it: what is pushed says how it was built.
  if (isPushed(inputs)) option("attest:provenance", "mode=min");
  for (const [id, value] of Object.entries(map(inputs, "secrets") ?? {})) {
    const file = path.join(scratch, `secret-${options.length}`);
    fs.writeFileSync(file, value, { mode: 0o600 });
    options.push("--secret", csv([`id=${id}`, `src=${file}`]));
  }
  if (flag(inputs, "noCache")) options.push("--no-cache");
  options.push(...caches(inputs), ...outputs(inputs).flatMap((value) => ["--output", value]));
  return options;
}

async function run(args: readonly string[], call: Call): Promise<void> {
  const child = spawn("buildctl", [...args], { stdio: ["ignore", "ignore", "pipe"] });
  const stop = () => void child.kill();
  call.signal.addEventListener("abort", stop, { once: true });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.trim() === "") return;
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    if (/^#\d+ (\[|exporting|pushing)/.test(line)) call.status(line.replace(/^#\d+ /, ""));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      const hint = error.code === "ENOENT" ? "buildctl is not in PATH; install BuildKit" : error.message;
      reject(new OperationError(`cannot build: ${hint}`));
    });
    child.on("close", resolve);
  });
  call.signal.removeEventListener("abort", stop);
  if (code === 0) return;
  if (call.signal.aborted) throw new OperationError("the build was interrupted");
  const log = last.join("\n");
  const registry = deadRegistry(log);
  if (registry !== undefined) {
    throw new OperationError(
      `the registry ${registry} does not answer: start it, or name another, and run again\n${log}`,
    );
  }
  if (/connection refused|no such file or directory.*sock|failed to list workers/.test(log)) {
    const host = process.env.BUILDKIT_HOST ?? "its usual socket";
    throw new OperationError(`BuildKit does not answer at ${host}: start buildkitd, or set BUILDKIT_HOST\n${log}`);
  }
  if (/no space left on device/.test(log)) {
    throw new OperationError(`the disk is full: free space (buildctl prune) and run again\n${log}`);
  }
  throw new OperationError(`the build failed with exit code ${code}; its last lines:\n${log}`);
}

/** The registry that a build's log says nobody listens at, or that went away in the middle of a transfer. */
export function deadRegistry(log: string): string | undefined {
  const failed = /failed to (?:do request|push|copy)[^\n]*?https?:\/\/([^/"\s]+)\/v2\/[^\n]*/.exec(log);
  const [line = "", host] = failed ?? [];
  return /connection refused|connection reset|EOF|broken pipe|no such host|i\/o timeout/.test(line) ? host : undefined;
}

/** Builds, and returns the digest of the result where it is an image. */
export async function build(inputs: Values, sources: Sources, call: Call): Promise<string> {
  // Only its owner may enter: it holds the build's secrets.
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-build-"));
  try {
    const metadata = path.join(scratch, "metadata.json");
    const always = ["build", "--frontend", "dockerfile.v0", "--progress", "plain", "--metadata-file", metadata];
    await run([...always, ...buildArguments(inputs, sources, scratch)], call);
    if (!fs.existsSync(metadata)) return "";
    const known = JSON.parse(fs.readFileSync(metadata, "utf8")) as Readonly<Record<string, unknown>>;
    return String(known["containerimage.digest"] ?? "");
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}
