/** A copy of the checkout whose stacks are of target `recording`: the real engine deploys what runs nothing. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import type { LedgerEntry } from "../../../components/image/ledger";
import { withProbe } from "../../../components/app/model";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../on-docker";
import { CHECKOUT, cloneCheckout, commitAll } from "../stack";
import type { Action } from "./command";
import { addRecordingTarget } from "./install";

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const PINNED = { release: { id: "r", images: {} } };
/** Every image that a pinned environment runs. */
const NAMES = [
  ...new Set(
    withProbe(onDocker(loadSettings({ environment: {}, dotenv: {}, stack: PINNED }))).map(({ image }) => image),
  ),
];

/** A release all of whose digests are one letter. */
export const release = (letter: string) => ({
  id: `r-${letter.repeat(12)}`,
  images: Object.fromEntries(NAMES.map((name) => [name, `registry.example/${name}@${digest(letter)}`])),
});

/** The entry of a ledger that lets the release run. */
export const verified = (letter: string): LedgerEntry => ({
  id: release(letter).id,
  images: Object.fromEntries(
    Object.entries(release(letter).images).map(([name, ref]) => [name, { ref, platforms: [] }]),
  ),
  ran: NAMES,
  revision: letter.repeat(40),
  createdAt: "2026-01-01T00:00:00.000Z",
  schema: { version: 1, barriers: [] },
  at: "2026-01-01T00:00:00.000Z",
  actor: "test",
  checks: [{ name: "a check", passed: true, detail: "" }],
});

/** Where git does not see it. */
const LOCK = ".ralex/test.lock.json";

export class RecordingCheckout {
  private constructor(readonly folder: string) {}

  /** @param stacks - each pins the release `a`. */
  static async create(name: string, stacks: readonly string[]): Promise<RecordingCheckout> {
    const checkout = new RecordingCheckout(fs.mkdtempSync(path.join(os.tmpdir(), `ralex-${name}-`)));
    await cloneCheckout(checkout.folder);
    addRecordingTarget(checkout.folder);
    for (const stack of stacks) checkout.pin(stack, "a");
    await commitAll(checkout.folder, "a recording target");
    // What is written down is never pulled, so any digest does.
    const committed = JSON.parse(fs.readFileSync(path.join(CHECKOUT, "images/images.lock.json"), "utf8")) as object;
    const openwebui = {
      repository: "registry.example/openwebui",
      tag: "1",
      digest: digest("f"),
      platforms: ["linux/amd64"],
    };
    fs.mkdirSync(path.dirname(checkout.file(LOCK)), { recursive: true });
    fs.writeFileSync(
      checkout.file(LOCK),
      JSON.stringify({ ...committed, openwebui: { ...openwebui, sizeBudgetMiB: 1 } }),
    );
    return checkout;
  }

  readonly file = (name: string): string => path.join(this.folder, name);

  readonly pin = (stack: string, letter: string, settings: object = {}): void => {
    const config = { "ralex:target": "recording", "ralex:promotesFrom": "before", "ralex:release": release(letter) };
    fs.writeFileSync(this.file(`Pulumi.${stack}.yaml`), yaml.stringify({ config: { ...config, ...settings } }));
  };

  /** Begins a command; both of its streams are in `all`. */
  readonly begin = (action: Action, environment: Readonly<Record<string, string>> = {}): execa.ExecaChildProcess => {
    const hook = this.file("toolchain/typescript.js");
    const script = this.file("tests/support/recording-target/command.ts");
    return execa(process.execPath, ["--require", hook, script, JSON.stringify(action)], {
      cwd: this.folder,
      env: { RALEX_IMAGES_LOCK: this.file(LOCK), ...environment },
      reject: false,
      all: true,
      stdin: "ignore",
    });
  };

  readonly run = async (action: Action, environment: Readonly<Record<string, string>> = {}) => {
    const { exitCode, all = "" } = await this.begin(action, environment);
    return { exitCode, text: all };
  };

  /** @throws Error with what was said, where the command fails. */
  readonly must = async (action: Action): Promise<string> => {
    const { exitCode, text } = await this.run(action);
    if (exitCode !== 0) throw new Error(text);
    return text;
  };

  remove = (): void => fs.rmSync(this.folder, { recursive: true, force: true });
}
