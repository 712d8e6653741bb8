import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { BRIDGE } from "../../support/bridge";
import { SAMPLES, type Context } from "../benchmark";
import { ImageBuilder, TARGETS } from "./images";
import { withScratch } from "./scratch";

/** What is built, for the page that people read. */
export const BOTH = "both images (prod and dev) side by side, pushed to the local registry, the base image there";

/** Seconds of builds of a copy of the bridge's folder, each after a change of its code. */
export function measureBuilds({ checkout, say }: Context, cold: boolean): Promise<number[]> {
  return withScratch(async (folder) => {
    const builder = await ImageBuilder.create(checkout);
    const context = path.join(folder, "context");
    fs.cpSync(path.join(checkout, BRIDGE), context, { recursive: true });
    const build = async () => {
      const id = crypto.randomBytes(8).toString("hex");
      // A value that no build has seen, so that the layer with the code is never an old one.
      fs.appendFileSync(path.join(context, "ralex_bridge/__init__.py"), `\nBENCHMARK = "${id}"\n`);
      const began = performance.now();
      await Promise.all(TARGETS.map((target) => builder.build(context, target, cold ? { cold: `bench-${id}` } : {})));
      return (performance.now() - began) / 1000;
    };
    if (!cold) await build();
    const own: number[] = [];
    while (own.length < SAMPLES) {
      own.push(await build());
      say(`${own.at(-1)?.toFixed(1)} s`);
    }
    return own;
  });
}
