/** The bridge as a process of this machine, with private stores: bridge_host.py behind a typed interface. */
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import execa from "execa";
import { bridgeEnvironment, BRIDGE, prepareBridge } from "../../support/bridge";
import type { Context } from "../benchmark";
import type { Endpoint } from "./endpoint";

/** The upstream in front of which the bridge runs: one that costs next to nothing, or one that streams. */
export type UpstreamKind = "fixed" | "streaming";

export interface BridgeState extends Endpoint {
  /** Base URL of the upstream, ending in /v1. */
  readonly upstream: string;
  /** From the start of the process until `/ready` answered 200, in seconds. */
  readonly ready_seconds: number;
  /** Resident memory in MB of 10^6 bytes. */
  readonly resident_mb: number;
  /** Usage records that are in Postgres. */
  readonly usage_rows: number;
}

export interface BridgeHost {
  /** What it is like now; waits until all usage is written. */
  state(): Promise<BridgeState>;
  /** Ends the bridge gracefully and starts it again. */
  restart(): Promise<BridgeState>;
}

/** Interpreter of the bridge's own environment, with its services' programs installed. */
export async function bridgePython(checkout: string): Promise<string> {
  await prepareBridge(checkout);
  return path.join(await bridgeEnvironment(checkout), "bin/python");
}

/** Runs `work` beside a bridge, and ends all of it afterwards. @throws Error with what the host said. */
export async function withBridge<T>(
  { checkout }: Context,
  upstream: UpstreamKind,
  work: (host: BridgeHost) => Promise<T>,
): Promise<T> {
  const python = await bridgePython(checkout);
  const folder = path.join(checkout, BRIDGE);
  const child = execa(python, [path.join(__dirname, "bridge_host.py"), upstream], {
    cwd: folder,
    env: { PYTHONPATH: folder, PYTHONPYCACHEPREFIX: path.join(os.tmpdir(), "ralex-bench-pyc") },
    reject: false,
  });
  if (child.stdout === null || child.stdin === null) throw new Error("the bridge's host has no pipes");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: string): Promise<BridgeState> => {
    child.stdin?.write(`${command}\n`);
    const { value, done } = (await lines.next()) as { value: string; done?: boolean };
    if (done === true) throw new Error(`the bridge's host ended:\n${(await child).stderr.slice(-2000)}`);
    return JSON.parse(value) as BridgeState;
  };
  try {
    return await work({ state: () => ask("state"), restart: () => ask("restart") });
  } finally {
    child.stdin.end();
    const { exitCode, stderr } = await child;
    if (exitCode !== 0) console.error(`the bridge's host ended with status ${exitCode}:\n${stderr.slice(-2000)}`);
  }
}

/** Runs one of the measuring programs beside this file on a plan, and returns what it printed. */
export async function measureIn<T>(python: string, program: string, plan: object): Promise<T> {
  // The plan holds a key, so it never stands on a command line.
  const { stdout, stderr, exitCode } = await execa(python, [path.join(__dirname, program)], {
    input: JSON.stringify(plan),
    reject: false,
  });
  if (exitCode !== 0) throw new Error(`${program} failed:\n${stderr.split("\n").slice(-6).join("\n")}`);
  return JSON.parse(stdout) as T;
}
