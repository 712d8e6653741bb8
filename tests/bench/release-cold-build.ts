import * as path from "node:path";
import { emptyBuilder } from "../support/release";
import type { Benchmark } from "./benchmark";
import { Releases } from "./support/releases";
import { withScratch } from "./support/scratch";

export const releaseColdBuild: Benchmark = {
  name: "release-cold-build",
  unit: "s",
  goal: { value: { atMost: 300 } },
  onlyWhenNamed: "it takes minutes",
  method:
    "All of ./ralex build with a builder that has just been started and knows nothing, and no cache in the registry; " +
    "the base image is in the registry. Every image for linux/amd64 and linux/arm64, one of them emulated: one sample",
  run: ({ say }) =>
    withScratch(async (folder) => {
      const releases = await Releases.create(path.join(folder, "checkout"));
      const builder = await emptyBuilder(path.join(folder, "builder"));
      try {
        const { seconds } = await releases.build(builder.address);
        say(`${seconds.toFixed(1)} s`);
        return { own: [seconds] };
      } finally {
        await builder.stop();
      }
    }),
};
