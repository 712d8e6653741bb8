/** `npm start`, ended at random moments: the next one completes, and nothing is there twice. */
import type { ExecaChildProcess } from "execa";
import * as fc from "fast-check";
import { connectEngine } from "../../components/docker/engine/client";
import { killTree, livingOf, signalAll, treeOf } from "../support/process-tree";
import { STACK, testStack, type CommandResult } from "../support/stack";

const stack = testStack();
const docker = connectEngine();
/** Ends of a start that the nightly run tries, in each of the ways as often; every other run tries one, in one way. */
const NIGHTLY = process.env.RALEX_TEST_KILLS;
/** A start of this stack with everything cached takes longer than this, in milliseconds. */
const LATEST_KILL_MS = 25_000;
/** What GitHub's runner waits after SIGINT, and then after SIGTERM, in milliseconds. */
const [TO_SIGTERM_MS, TO_SIGKILL_MS] = [7_500, 2_500];
/** How long Pulumi may need to finish what it has begun when nobody waits for it any more, in milliseconds. */
const FINISHING_MS = 120_000;

async function names(): Promise<readonly string[]> {
  const filters = { label: [`ralex.stack=${STACK}`] };
  const containers = await docker.listContainers({ all: true, filters });
  return containers.flatMap(({ Names }) => Names).sort();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a signal to the command alone, unless it has ended; tells whether it ends within a time. */
async function tell(command: ExecaChildProcess, signal: NodeJS.Signals, ms: number): Promise<boolean> {
  const hasEnded = () => command.exitCode !== null || command.signalCode !== null;
  if (command.pid === undefined || hasEnded()) return true;
  const ended = new Promise<true>((resolve) => command.once("exit", () => resolve(true)));
  signalAll([command.pid], signal);
  return Promise.race([ended, pause(ms).then(() => false)]);
}

/** The whole tree at once, as a machine's end does it. */
async function crash(start: ExecaChildProcess): Promise<void> {
  if (start.pid !== undefined && start.exitCode === null) killTree(start.pid);
  await start;
}

/** SIGINT, SIGTERM, and SIGKILL for whatever is left of the tree. */
async function cancel(start: ExecaChildProcess): Promise<void> {
  const tree = treeOf(start.pid ?? 0);
  if (await tell(start, "SIGINT", TO_SIGTERM_MS)) {
    await start;
    // It was told before it had ended, or had ended by itself.
    expect([0, 130, null, undefined]).toContain(start.exitCode);
  } else if (!(await tell(start, "SIGTERM", TO_SIGKILL_MS))) {
    killTree(start.pid ?? 0);
    await start;
  }
  // A plugin looks every two seconds whether its engine is there.
  for (const end = Date.now() + 5_000; livingOf(tree).length > 0 && Date.now() < end; await pause(100));
  expect(livingOf(tree)).toEqual([]);
}

/** SIGINT, SIGTERM, and SIGKILL for the command alone: Pulumi finishes by itself. */
async function cancelTopOnly(start: ExecaChildProcess): Promise<void> {
  if (await tell(start, "SIGINT", TO_SIGTERM_MS)) return;
  if (await tell(start, "SIGTERM", TO_SIGKILL_MS)) return;
  await tell(start, "SIGKILL", 1_000);
}

/** The next start, which may have to be asked again while a Pulumi that outlived its command works. */
async function nextStart(): Promise<CommandResult> {
  for (const end = Date.now() + FINISHING_MS; ; await pause(1_000)) {
    const result = await stack.ralex(["start", "-s", STACK]);
    const isRefused = /another command is working on/.test(result.stderr);
    if (!isRefused || Date.now() > end) return result;
  }
}

/** The first has a bit of each: signals that are obeyed, and at last a kill of all that is left. */
const WAYS = [
  ["that a pipeline's runner cancels, its whole tree at last,", cancel],
  ["whose processes are all killed", crash],
  ["that a pipeline's runner cancels, itself alone at last,", cancelTopOnly],
] as const;
const TRIED = NIGHTLY === undefined ? WAYS.slice(0, 1) : WAYS;
const EACH = NIGHTLY === undefined ? 1 : Math.ceil(Number(NIGHTLY) / WAYS.length);

describe("a start", () => {
  let expected: readonly string[];
  let apiKey: string;
  beforeAll(async () => {
    await stack.ready();
    expected = await names();
    apiKey = await stack.output("apiKey");
  }, 300_000);

  test.each(TRIED)(
    `%s at random moments (${EACH}) is completed by the next one, with nothing doubled and nothing left over`,
    async (_, end) => {
      expect(expected).toContain(`/${stack.container("api-0")}`);
      for (const moment of fc.sample(fc.integer({ min: 500, max: LATEST_KILL_MS }), EACH)) {
        expect((await stack.ralex(["stop", "-s", STACK])).exitCode).toBe(0);
        const start = stack.spawn(["start", "-s", STACK]);
        await Promise.race([start, pause(moment)]);
        await end(start);
        const { exitCode, stderr } = await nextStart();
        expect([moment, exitCode, exitCode === 0 ? "" : stderr]).toEqual([moment, 0, ""]);
        expect(await names()).toEqual(expected);
        expect(await stack.output("apiKey")).toBe(apiKey);
        const again = await stack.start();
        expect(again.stderr).toMatch(/Resources:\s+\d+ unchanged/);
        expect(again.stderr).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
      }
    },
    // A minute a kill on two cores that do nothing else.
    120_000 + EACH * 150_000,
  );
});
