/** Starting a container, and waiting for what its inputs ask for: running, healthy, or ended. */
import type { Container, ContainerInspectInfo } from "dockerode";
import { OperationError, type Call } from "../support/plugin";
import type { Values } from "../support/wire";
import { engine, explained } from "./engine";
import { flag, number } from "../support/inputs";

/** Between two looks at a container's health, in milliseconds. */
const LOOK_EVERY = 250;
/** The official provider's default of waitTimeout, in seconds. */
const WAIT_TIMEOUT = 60;
/** Lines of the log that an error repeats. */
const LAST_LINES = 20;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The log as text: without a terminal the engine frames it, eight bytes before each piece. */
export async function logText(container: Container, lines?: number): Promise<string> {
  const found = await container.inspect();
  const raw = await container.logs({ stdout: true, stderr: true, follow: false, ...(lines && { tail: lines }) });
  if (found.Config.Tty) return raw.toString("utf8");
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(pieces).toString("utf8");
}

async function lastWords(container: Container): Promise<string> {
  const log = await logText(container, LAST_LINES).catch(() => "");
  return log.trim() === "" ? "; it logged nothing" : `; its last lines:\n${log.trimEnd().replace(/^/gm, "    ")}`;
}

const lastCheck = (found: ContainerInspectInfo): string => {
  const output = found.State.Health?.Log.at(-1)?.Output.trim();
  return output === undefined || output === "" ? "" : `; the last health check said: ${output.slice(-1000)}`;
};

async function failed(container: Container, found: ContainerInspectInfo, what: string): Promise<OperationError> {
  return new OperationError(`container ${found.Name.slice(1)} ${what}${lastCheck(found)}${await lastWords(container)}`);
}

const hasEnded = ({ State }: ContainerInspectInfo): boolean => State.Status === "exited" || State.Status === "dead";

async function untilHealthy(container: Container, inputs: Values, call: Call): Promise<void> {
  const timeout = number(inputs, "waitTimeout") ?? WAIT_TIMEOUT;
  const end = Date.now() + timeout * 1000;
  for (;;) {
    const found = await container.inspect();
    const health = found.State.Health?.Status;
    if (health === "healthy") return;
    if (hasEnded(found)) {
      throw await failed(container, found, `ended with exit code ${found.State.ExitCode} before it was healthy`);
    }
    if (health === "unhealthy") throw await failed(container, found, "is unhealthy");
    if (health === undefined && found.State.Running) {
      throw await failed(container, found, "has no health check to wait for; give it one, or leave wait out");
    }
    if (Date.now() > end) throw await failed(container, found, `was not healthy within ${timeout} s`);
    if (call.signal.aborted) throw new OperationError("interrupted while waiting for the container's health");
    call.status(`waiting until it is healthy (${health ?? found.State.Status})`);
    await sleep(LOOK_EVERY);
  }
}

/** Waits for the end of a job. Its exit code is an output; whoever needs it to be 0 looks at it. */
async function untilEnded(container: Container, inputs: Values, call: Call): Promise<Values> {
  const stop = () => void container.stop({ t: 1 }).catch(() => undefined);
  call.signal.addEventListener("abort", stop, { once: true });
  call.status("waiting until it ends");
  const { StatusCode } = (await container.wait()) as { StatusCode: number };
  call.signal.removeEventListener("abort", stop);
  if (call.signal.aborted) throw new OperationError("interrupted while the job ran; it was stopped");
  if (!flag(inputs, "logs")) return { exitCode: StatusCode };
  return { exitCode: StatusCode, containerLogs: await logText(container) };
}

/** Starts a container and waits as its inputs say. Returns what is only known then. */
export async function run(id: string, inputs: Values, call: Call): Promise<Values> {
  if (flag(inputs, "start") === false) return {};
  const container = engine().getContainer(id);
  const doing = `cannot start container ${String(inputs.name)}`;
  await explained(doing, () => container.start());
  return explained(doing, async () => {
    if (flag(inputs, "attach")) return untilEnded(container, inputs, call);
    if (flag(inputs, "wait")) await untilHealthy(container, inputs, call);
    else if (flag(inputs, "mustRun") !== false) {
      const found = await container.inspect();
      if (hasEnded(found)) throw await failed(container, found, `ended at once with exit code ${found.State.ExitCode}`);
    }
    return {};
  });
}
