/** `npm start`, killed at random moments: the next one completes, and nothing is there twice. */
import * as fc from "fast-check";
import { connectEngine } from "../../components/docker/engine/client";
import { STACK, testStack } from "../support/stack";

const stack = testStack();
const docker = connectEngine();
/** The nightly run kills ten times. */
const KILLS = Number(process.env.RALEX_TEST_KILLS ?? 2);
/** A start of this stack with everything cached takes longer than this, in milliseconds. */
const LATEST_KILL_MS = 25_000;

async function names(): Promise<readonly string[]> {
  const filters = { label: [`ralex.stack=${STACK}`] };
  const containers = await docker.listContainers({ all: true, filters });
  return containers.flatMap(({ Names }) => Names).sort();
}

describe("a start that is killed", () => {
  test(
    `at ${KILLS} random moments is completed by the next one, with nothing doubled and nothing left over`,
    async () => {
      await stack.start();
      const expected = await names();
      expect(expected).toContain(`/${stack.container("api-0")}`);
      const apiKey = await stack.output("apiKey");
      const moments = fc.sample(fc.integer({ min: 500, max: LATEST_KILL_MS }), KILLS);
      for (const moment of moments) {
        expect((await stack.ralex(["stop", "-s", STACK])).exitCode).toBe(0);
        const start = stack.spawn(["start", "-s", STACK]);
        await Promise.race([start, new Promise((resolve) => setTimeout(resolve, moment))]);
        // The whole group, as a closed terminal or a killed job would.
        if (start.pid !== undefined && start.exitCode === null) process.kill(-start.pid, "SIGKILL");
        await start;
        const { exitCode, stderr } = await stack.ralex(["start", "-s", STACK]);
        expect([moment, exitCode, exitCode === 0 ? "" : stderr]).toEqual([moment, 0, ""]);
        expect(await names()).toEqual(expected);
        expect(await stack.output("apiKey")).toBe(apiKey);
        const again = await stack.start();
        expect(again.stderr).toMatch(/Resources:\s+\d+ unchanged/);
        expect(again.stderr).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
      }
    },
    // A minute a kill on two cores that do nothing else.
    300_000 + KILLS * 120_000,
  );
});
