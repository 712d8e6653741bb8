import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { OperationError, type Call, type ResourceKind } from "../support/plugin";
import { flag, map, text, texts } from "../support/inputs";
import type { Values } from "../support/wire";

/** Characters of a failed command's output that its error repeats. */
const LAST_CHARACTERS = 4000;
/** How a command marks a line of its standard error that may be shown although its inputs are secret. */
const NOT_SECRET = /^not secret: (.*)$/gm;

const interpreter = (inputs: Values): readonly string[] => texts(inputs, "interpreter") ?? ["/bin/sh", "-c"];

const ended = (code: number | null, signal: string | null): string =>
  signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;

/** Runs one of the resource's commands in its directory, environment and interpreter. */
async function run(command: string, inputs: Values, previous: Values, call: Call): Promise<Values> {
  const [file, ...args] = [...interpreter(inputs), command];
  if (file === undefined) throw new OperationError("interpreter is an empty list; leave it out for /bin/sh -c");
  const isPassedOn = flag(inputs, "addPreviousOutputInEnv") !== false;
  const before =
    isPassedOn && text(previous, "stdout") !== undefined
      ? { PULUMI_COMMAND_STDOUT: text(previous, "stdout"), PULUMI_COMMAND_STDERR: text(previous, "stderr") ?? "" }
      : {};
  const child = spawn(file, args, {
    cwd: text(inputs, "dir"),
    env: { ...process.env, ...before, ...map(inputs, "environment") },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own, so that an interruption reaches what the command started too.
    detached: true,
  });
  const stop = () => void (child.pid !== undefined && process.kill(-child.pid, "SIGTERM"));
  call.signal.addEventListener("abort", stop, { once: true });
  const logging = text(inputs, "logging") ?? "stdoutAndStderr";
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    const isLogged = logging === "stdoutAndStderr" || logging === name;
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      if (isLogged && !call.hasSecrets) call.status(text.trimEnd());
    });
  }
  // A command that does not read its input closes the pipe early; that is no error.
  child.stdin.on("error", () => undefined);
  child.stdin.end(text(inputs, "stdin") ?? "");
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on("error", (error) => reject(new OperationError(`cannot run ${file}: ${error.message}`)));
    child.on("close", (code, signal) => resolve([code, signal]));
  });
  call.signal.removeEventListener("abort", stop);
  if (code !== 0) {
    const marked = [...output.stderr.matchAll(NOT_SECRET)].map(([, line]) => line).join("\n");
    const said = call.hasSecrets ? marked : output.stderr.trim() || output.stdout.trim();
    const hidden = call.hasSecrets && marked === "";
    const what = hidden
      ? "; its output is not shown, since its inputs are secret"
      : `: ${said.slice(-LAST_CHARACTERS)}`;
    throw new OperationError(`the command ${ended(code, signal)}${what}`);
  }
  return { stdout: output.stdout.trimEnd(), stderr: output.stderr.trimEnd() };
}

export const command: ResourceKind = {
  accepts: [
    "create",
    "update",
    "delete",
    "stdin",
    "environment",
    "dir",
    "interpreter",
    "triggers",
    "logging",
    "addPreviousOutputInEnv",
  ],
  // The official provider replaces for triggers alone.
  updates: [
    "create",
    "update",
    "delete",
    "stdin",
    "environment",
    "dir",
    "interpreter",
    "logging",
    "addPreviousOutputInEnv",
  ],
  taintedOutputs: ["stdout", "stderr"],
  volatileOutputs: ["stdout", "stderr"],

  async create(inputs, call) {
    const create = text(inputs, "create");
    const outputs = create === undefined ? { stdout: "", stderr: "" } : await run(create, inputs, {}, call);
    return { id: `${call.name}${randomUUID().replace(/-/g, "").slice(0, 7)}`, outputs };
  },

  async update({ outputs }, inputs, call) {
    const update = text(inputs, "update") ?? text(inputs, "create");
    if (update === undefined) return { stdout: text(outputs, "stdout") ?? "", stderr: text(outputs, "stderr") ?? "" };
    return run(update, inputs, outputs, call);
  },

  async delete({ inputs, outputs }, call) {
    const remove = text(inputs, "delete");
    if (remove !== undefined) await run(remove, inputs, outputs, call);
  },
};
