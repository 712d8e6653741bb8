import * as fs from "node:fs";
import * as path from "node:path";
import { dockerAnswers } from "../../toolchain/engines/docker";
import { buildkitAnswers } from "../../toolchain/engines/buildkit";
import { registryAnswers } from "../../toolchain/engines/registry";
import { stopEngines } from "../../toolchain";
import { copyCheckout } from "../support/stack";
import type { Benchmark } from "./benchmark";
import { withScratch } from "./support/scratch";
import { BenchStack, chat, stackSettings } from "./support/stack";

const DOCKER_IMAGES = "/var/lib/docker/image/overlay2/repositories.json";

export const freshMachine: Benchmark = {
  name: "fresh-machine",
  unit: "s",
  goal: { value: { atMost: 480 } },
  onlyWhenNamed: "takes a quarter of an hour, and a machine on which no engine runs and Docker has no image",
  method:
    "npm start of a new copy of the checkout with empty caches (npm, Go modules and builds, and all that the toolchain " +
    "keeps), on a registry-only machine without images, until a chat is answered. Debian packages that are installed " +
    "already are not removed first. One sample, since it takes minutes",
  run: () =>
    withScratch(async (scratch) => {
      await refuseWarmMachine();
      const folder = path.join(scratch, "checkout");
      fs.mkdirSync(folder);
      await copyCheckout(folder);
      // A link to the packages of this checkout; a new clone has none.
      fs.unlinkSync(path.join(folder, "node_modules"));
      const cache = (name: string) => path.join(scratch, name);
      const environment = {
        RALEX_CACHE_DIR: cache("ralex"),
        RALEX_TOOLCHAIN: "local",
        GOMODCACHE: cache("go-modules"),
        GOCACHE: cache("go-build"),
        npm_config_cache: cache("npm"),
        PIP_CACHE_DIR: cache("pip"),
        // Go makes its module cache read-only, which would keep the folder from being removed.
        GOFLAGS: "-modcacherw",
      };
      const stack = new BenchStack(folder, environment);
      stack.configure();
      try {
        const { seconds } = await stack.ralex("start");
        const answered = await chat(stackSettings().apiPort, await stack.output("apiKey"));
        return { own: [seconds + answered], note: "one sample" };
      } finally {
        await stack.ralex("reset", "--yes").catch((error: unknown) => console.error(String(error)));
        // Their data is in the caches that are about to go.
        await stopEngines();
      }
    }),
};

/** @throws Error that says what is warm; a number from such a machine would be a better one than a user sees. */
async function refuseWarmMachine(): Promise<void> {
  const running = [
    ...((await dockerAnswers()) ? ["a Docker Engine"] : []),
    ...((await buildkitAnswers()) ? ["BuildKit"] : []),
    ...((await registryAnswers()) ? ["the local registry"] : []),
  ];
  if (running.length > 0) throw new Error(`not a fresh machine, ${running.join(", ")} answer(s): stop them first`);
  if (fs.existsSync(DOCKER_IMAGES) && /sha256:/.test(fs.readFileSync(DOCKER_IMAGES, "utf8"))) {
    throw new Error("not a fresh machine, Docker has images: move /var/lib/docker away first");
  }
}
