import * as path from "node:path";
import { BRIDGE } from "../../support/bridge";
import type { Benchmark } from "../benchmark";
import { docker, ImageBuilder, withImage, type Target } from "./images";

/** A benchmark of one target's size; `atMost` in MB. */
export const imageSize = (target: Target, atMost: number): Benchmark => ({
  name: `${target}-image-size`,
  unit: "MB",
  goal: { value: { atMost } },
  method: "Size on disk (10^6 bytes, unpacked) as docker image inspect has it. A size does not vary: one sample",
  run: async ({ checkout }) => {
    const builder = await ImageBuilder.create(checkout);
    const image = await builder.build(path.join(checkout, BRIDGE), target);
    return withImage(image, async () => {
      const { stdout } = await docker(["image", "inspect", "--format", "{{.Size}}", image]);
      return { own: [Number(stdout) / 1e6] };
    });
  },
});
