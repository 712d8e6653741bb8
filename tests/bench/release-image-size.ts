import { ImageRef } from "../../components/image/image-ref";
import { compressedBytes, readManifest } from "../../cli/evidence/manifests";
import { Repository } from "../../cli/evidence/registry";
import type { Benchmark } from "./benchmark";
import { Releases } from "./support/releases";
import { withScratch } from "./support/scratch";

export const releaseImageSize: Benchmark = {
  name: "release-image-size",
  unit: "MB",
  goal: { value: { atMost: 60 } },
  method:
    "What a pull of the prod image transfers (10^6 bytes: layers as compressed in the registry, and configuration), for " +
    "the platform that needs more. A size does not vary: one sample",
  run: ({ say }) =>
    withScratch(async (folder) => {
      const { built } = await (await Releases.create(folder)).build();
      const image = built.pushed.find(({ name }) => name === "ralex-api");
      const repository = await Repository.of(ImageRef.parse(built.release.images["ralex-api"]?.ref ?? ""));
      const sizes: Record<string, number> = {};
      for (const [platform, digest] of Object.entries(image?.platforms ?? {})) {
        sizes[platform] = compressedBytes(readManifest(await repository.manifest(digest))) / 1e6;
      }
      const note = Object.entries(sizes)
        .map(([platform, size]) => `${platform} ${size.toFixed(1)} MB`)
        .join(", ");
      say(note);
      return { own: [Math.max(...Object.values(sizes))], note };
    }),
};
