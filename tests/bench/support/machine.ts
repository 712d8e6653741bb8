/** What the numbers were measured on. */
import * as os from "node:os";
import execa from "execa";

/** Programs whose versions matter, with the arguments that make them say it. */
const TOOLS: readonly (readonly [string, readonly string[]])[] = [
  ["docker", ["version", "--format", "{{.Server.Version}}"]],
  ["pulumi", ["version"]],
  ["buildctl", ["--version"]],
  ["go", ["env", "GOVERSION"]],
  ["wrk", ["-v"]],
];

/** @param load - the load average of the minute before the run. */
export async function machineDescription(load: number): Promise<readonly string[]> {
  const [cpu] = os.cpus();
  const versions = await Promise.all(TOOLS.map(async ([tool, args]) => `${tool} ${await version(tool, args)}`));
  return [
    `${os.cpus().length} cores, ${cpu?.model ?? "unknown model"}`,
    `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB of memory`,
    `${os.type()} ${os.release()} (${os.arch()})`,
    `Node ${process.version}, ${versions.join(", ")}`,
    `load average at the start: ${load.toFixed(2)}`,
  ];
}

async function version(tool: string, args: readonly string[]): Promise<string> {
  const { all, failed } = await execa(tool, [...args], { reject: false, all: true, stdin: "ignore" });
  // wrk prints its version with a usage and exit code 1.
  const first = (all ?? "").split("\n")[0] ?? "";
  return failed && tool !== "wrk" ? "not in PATH" : first.replace(/ \[.*| Copyright.*/, "").replace(`${tool} `, "");
}
