import { SAMPLES, type Benchmark } from "./benchmark";
import { deploy, LOAD_WORDS, otherRelease, rollback, underLoad, withReleases } from "./support/environment";

export const promotion: Benchmark = {
  name: "promotion",
  unit: "s",
  goal: { value: { atMost: 60 } },
  method:
    "./ralex promote --deploy --yes on the docker target with two replicas, from its start to its end: pin, update, " +
    "verification, publication. Two releases in turn, whose API differs",
  run: (context) =>
    withReleases(context, async (releases) => {
      const { all } = releases;
      const own: number[] = [];
      while (own.length < SAMPLES) {
        own.push(await deploy(all, otherRelease(releases)));
        context.say(`${own.at(-1)?.toFixed(1)} s`);
      }
      return { own };
    }),
};

export const rollbackUnderLoad: Benchmark = {
  name: "rollback-under-load",
  unit: "s",
  goal: { value: { atMost: 30 } },
  method:
    `./ralex rollback --yes on the docker target with two replicas under ${LOAD_WORDS}, from its start to its end. ` +
    "A request or stream that fails makes the benchmark fail",
  run: (context) =>
    withReleases(context, async (releases) => {
      const { all } = releases;
      const own: number[] = [];
      while (own.length < SAMPLES) {
        const [seconds, { requests, streams, failures }] = await underLoad(all, () =>
          rollback(all, otherRelease(releases)),
        );
        if (failures.length > 0) throw new Error(`${failures.length} failed:\n${failures.slice(0, 5).join("\n")}`);
        own.push(seconds);
        context.say(`${seconds.toFixed(1)} s; ${requests} requests and ${streams} streams, none failed`);
      }
      return { own };
    }),
};

export const rollingUpdate: Benchmark = {
  name: "rolling-update-failures",
  unit: "failures",
  goal: { value: { atMost: 0 } },
  method: `Requests and streams that fail during ./ralex promote --deploy with two replicas, under ${LOAD_WORDS}`,
  run: (context) =>
    withReleases(context, async (releases) => {
      const { all } = releases;
      const own: number[] = [];
      while (own.length < SAMPLES) {
        const [, { requests, streams, failures }] = await underLoad(all, () => deploy(all, otherRelease(releases)));
        own.push(failures.length);
        context.say(`${failures.length} failures of ${requests} requests and ${streams} streams`);
      }
      return { own };
    }),
};

export const pinnedPreview: Benchmark = {
  name: "pinned-preview",
  unit: "s",
  goal: { value: { atMost: 5 } },
  method:
    "pulumi preview of an environment with a pin that its ledger has, from its start to its end; nothing has changed",
  run: (context) =>
    withReleases(context, async ({ all }) => {
      const own: number[] = [];
      while (own.length < SAMPLES) {
        own.push(await all.preview("pdev"));
        context.say(`${own.at(-1)?.toFixed(1)} s`);
      }
      return { own };
    }),
};
