/** The Docker Engine as the provider's resources use it. */
import { PassThrough, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import type { Container, ContainerInspectInfo } from "dockerode";
import { connectEngine } from "../engine/client";

let connected: Docker | undefined;

/** Connected at the first use: where nothing changes, no resource asks the engine. */
export const engine = (): Docker => (connected ??= connectEngine());

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

export const isGone = (error: unknown): boolean => statusOf(error) === 404;

/** The result, or undefined where the engine does not know the thing. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

export const inspected = (name: string): Promise<ContainerInspectInfo | undefined> =>
  unlessGone(engine().getContainer(name).inspect());

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Both streams of a container or a command in it as text: the engine frames them in one. */
function collector(stream: NodeJS.ReadableStream): Promise<{ stdout: string; stderr: string }> {
  const collected = { stdout: "", stderr: "" };
  const pipes = { stdout: new PassThrough(), stderr: new PassThrough() };
  for (const name of ["stdout", "stderr"] as const) {
    pipes[name].setEncoding("utf8").on("data", (text: string) => (collected[name] += text));
  }
  (engine().modem as { demuxStream(from: NodeJS.ReadableStream, ...to: NodeJS.WritableStream[]): void }).demuxStream(
    stream,
    pipes.stdout,
    pipes.stderr,
  );
  return finished(stream, { writable: false }).then(() => collected);
}

/** Runs a command in a running container, without a shell. */
export async function exec(container: string, command: readonly string[]): Promise<Said> {
  const made = await engine()
    .getContainer(container)
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const said = await collector(await made.start({ hijack: true, stdin: false }));
  const { ExitCode } = await made.inspect();
  return { exitCode: ExitCode ?? -1, ...said };
}

/** The end of what a container has logged. */
export async function logOf(container: string): Promise<Said> {
  const options = { stdout: true, stderr: true, tail: LAST_LINES, follow: false } as const;
  const framed = await engine().getContainer(container).logs(options);
  return { exitCode: 0, ...(await collector(Readable.from([framed]))) };
}

/** Starts a made container and waits for its end; an interruption stops it. */
export async function runToEnd(name: string, signal: AbortSignal): Promise<Said> {
  const container: Container = engine().getContainer(name);
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  const said = collector(stream);
  const stop = () => void container.stop({ t: 1 }).catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    return { exitCode: StatusCode, ...(await said) };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Sets the largest number of processes and threads of a made container. */
export async function limitProcesses(container: string, pids: number): Promise<void> {
  await engine().getContainer(container).update({ PidsLimit: pids });
}

/** Lines that an error repeats of what a program said last. */
const LAST_LINES = 20;

export function lastLines({ stdout, stderr }: Said): string {
  const lines = `${stderr}${stdout}`.trim().split("\n").slice(-LAST_LINES);
  return lines.join("\n") === ""
    ? "it said nothing"
    : `its last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`;
}
