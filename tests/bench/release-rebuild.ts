import { SAMPLES, type Benchmark } from "./benchmark";
import { Releases } from "./support/releases";
import { withScratch } from "./support/scratch";

export const releaseRebuild: Benchmark = {
  name: "release-rebuild",
  unit: "s",
  goal: { value: { atMost: 20 } },
  method:
    "All of ./ralex build after a commit that changes one code file: every image for linux/amd64 and linux/arm64, " +
    "pushed to the local registry and looked for there",
  run: ({ say }) =>
    withScratch(async (folder) => {
      const releases = await Releases.create(folder);
      await releases.build();
      const own: number[] = [];
      while (own.length < SAMPLES) {
        await releases.changeCode();
        own.push((await releases.build()).seconds);
        say(`${own.at(-1)?.toFixed(1)} s`);
      }
      return { own };
    }),
};
