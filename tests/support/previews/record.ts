/**
 * Records the event streams of real previews, for the gallery of comments and its tests:
 * `node --require ./toolchain/typescript.js tests/support/previews/record.ts [name…]`. It needs the Pulumi CLI and the official
 * provider of Kubernetes, and no cluster. What is for debugging only is left out of a stream: it has secrets in clear.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { preparePulumiHome } from "../../../toolchain/pulumi/home";
import { linkTargetPlugins } from "../../../toolchain/pulumi/target-plugins";
import { pulumiBinary, TestStack } from "../pulumi";
import { analyzerPack } from "../analyzer-pack";
import { database, digest, manyObjects } from "./programs";

const CHECKOUT = path.resolve(__dirname, "../../..");

interface Recording {
  readonly name: string;
  readonly stack: string;
  /** The program that is up, before; none for a new stack. */
  readonly before?: string;
  readonly program: string;
  readonly hasPack?: true;
}

/** What a line of a tenant's settings says. */
const LINE = "a line of settings, as long as those are that people keep in such an object";
const BEFORE = { storageClass: "standard", replicas: 2, apiDigest: digest("b") };
const OLD = database(BEFORE);
const RECORDINGS: readonly Recording[] = [
  { name: "nothing-changed", stack: "dev", before: OLD, program: OLD },
  { name: "first-deployment", stack: "staging", program: OLD },
  {
    name: "database-replaced",
    stack: "prod",
    before: OLD,
    program: database({ storageClass: "fast", replicas: 3, apiDigest: digest("c") }),
  },
  {
    name: "release-changed",
    stack: "staging",
    before: OLD,
    program: database({ ...BEFORE, replicas: 3, apiDigest: digest("c") }),
  },
  {
    name: "policy-refused",
    stack: "staging",
    before: OLD,
    program: database({ ...BEFORE, password: 8 }),
    hasPack: true,
  },
  {
    name: "program-failed",
    stack: "prod",
    before: OLD,
    program: database({
      ...BEFORE,
      more: `const services: Record<string, { port: number }> = {};\nconsole.log(services["edge"]!.port);`,
    }),
  },
  {
    name: "large-diff",
    stack: "prod",
    before: manyObjects(170, `before: ${LINE}`),
    program: manyObjects(170, `after: ${LINE}`),
  },
];

async function record({ name, stack, before, program, hasPack }: Recording): Promise<void> {
  const pack = hasPack === true ? analyzerPack() : {};
  const test = await TestStack.create("ralex", { "index.ts": before ?? program, ...pack }, { stack });
  const log = path.join(os.tmpdir(), `${path.basename(test.folder)}.events`);
  try {
    if (before !== undefined) {
      const up = await test.up();
      if (up.exitCode !== 0) throw new Error(up.text);
    }
    test.write("index.ts", program);
    const args = ["preview", "--event-log", log, ...(hasPack === true ? ["--policy-pack", "pack"] : [])];
    const { exitCode, text } = await test.runWith({ PULUMI_DEBUG_COMMANDS: "true" }, ...args);
    const kept = fs
      .readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.includes('"severity":"debug"'))
      // Not where it was recorded.
      .map((line) => line.replaceAll(test.folder, "/checkout").replaceAll(CHECKOUT, "/checkout"));
    fs.writeFileSync(path.join(__dirname, `${name}.events.gz`), zlib.gzipSync(`${kept.join("\n")}\n`, { level: 9 }));
    console.log(`${name}: exit code ${exitCode}, ${kept.length} events, ${kept.join("\n").length} characters`);
    if (process.env.SHOW !== undefined) console.log(text);
  } finally {
    fs.rmSync(log, { force: true });
    await test.remove();
  }
}

async function main(): Promise<void> {
  const { home } = await preparePulumiHome(CHECKOUT, path.dirname(await pulumiBinary()));
  await linkTargetPlugins(home, new Set(["kubernetes"]));
  const wanted = process.argv.slice(2);
  for (const recording of RECORDINGS) {
    if (wanted.length === 0 || wanted.includes(recording.name)) await record(recording);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
