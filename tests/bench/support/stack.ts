/** A whole stack of its own, started by `./ralex` in a copy of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { loadSettings } from "../../../components/settings/load";
import type { Settings } from "../../../components/settings/schema";
import { copyCheckout } from "../../support/stack";
import { withScratch } from "./scratch";

export const STACK = "bench";

/** Ports and network that no other stack of the machine uses. */
const PLACE = {
  subnet: "10.230.0.0/24",
  webPort: 33000,
  apiPort: 38000,
  tlsPort: 38443,
  prometheusPort: 39090,
  logsPort: 39428,
};
/** As Pulumi.dev.yaml has it. */
const LIKE_DEV = { target: "docker", operatorListeners: true, hotReload: true };

/** Settings of the stack; with an offset, those of another one beside it. */
export function stackSettings(offset = 0): Readonly<Record<string, unknown>> {
  const ports = Object.fromEntries(
    Object.entries(PLACE).map(([key, value]) => [key, typeof value === "number" ? value + offset : value]),
  );
  return { ...LIKE_DEV, ...ports, ...(offset === 0 ? {} : { subnet: "10.232.0.0/24" }) };
}

export const settingsOf = (stack: Readonly<Record<string, unknown>>): Settings =>
  loadSettings({ environment: {}, dotenv: {}, stack });

export interface Finished {
  readonly seconds: number;
  /** Everything that the command said. */
  readonly text: string;
}

export class BenchStack {
  constructor(
    readonly folder: string,
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {}

  /** Writes the stack's file into the copy. */
  configure(): void {
    const config = Object.fromEntries(Object.entries(stackSettings()).map(([key, value]) => [`ralex:${key}`, value]));
    fs.writeFileSync(path.join(this.folder, `Pulumi.${STACK}.yaml`), yaml.stringify({ config }));
  }

  /** @throws Error with the last lines, when the command fails. */
  async ralex(command: string, ...args: readonly string[]): Promise<Finished> {
    const began = performance.now();
    const result = await execa("./ralex", [command, ...args, "-s", STACK], {
      cwd: this.folder,
      env: { ...this.environment },
      reject: false,
      stdin: "ignore",
      all: true,
    });
    const seconds = (performance.now() - began) / 1000;
    const text = result.all ?? "";
    if (result.exitCode !== 0) throw new Error(`ralex ${command} failed:\n${text.split("\n").slice(-25).join("\n")}`);
    return { seconds, text };
  }

  async output(name: string): Promise<string> {
    const { stdout } = await execa("./ralex", ["output", name, "-s", STACK], {
      cwd: this.folder,
      env: { ...this.environment },
    });
    return stdout;
  }
}

/** Runs `work` with a stack that is not started yet, and removes it with its data afterwards. */
export const withStack = <T>(work: (stack: BenchStack) => Promise<T>): Promise<T> =>
  withScratch(async (scratch) => {
    const folder = path.join(scratch, "checkout");
    fs.mkdirSync(folder);
    await copyCheckout(folder);
    const stack = new BenchStack(folder);
    stack.configure();
    try {
      return await work(stack);
    } finally {
      await stack.ralex("reset", "--yes");
    }
  });

/** Asks a stack's API for one chat. @returns the seconds that took. @throws Error for anything but an answer. */
export async function chat(apiPort: unknown, key: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(`http://127.0.0.1:${String(apiPort)}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }] }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const answer = response.ok ? (JSON.parse(text) as { choices?: { message: { content: string } }[] }) : undefined;
  if ((answer?.choices?.[0]?.message.content ?? "") === "") {
    throw new Error(`the chat was answered with ${response.status}: ${text.slice(0, 300)}`);
  }
  return (performance.now() - began) / 1000;
}
