/**
 * The release of a commit for both platforms, for real: built by the machine's builder, then once more by one that knows
 * nothing; checked in the registry, kept when its stack goes, and not recorded when the registry dies.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { EXPORT_FOLDER } from "../../cli/build/export";
import { buildRelease, type BuiltRelease } from "../../cli/build/release";
import { checkPushed } from "../../cli/build/pushed";
import type { Machine } from "../../cli/machine";
import { PLATFORMS } from "../../components/image/platforms";
import { readExportedCommit } from "../../components/image/exported-commit";
import { readReleases, RELEASE_PROJECT, RELEASE_STACK } from "../../components/image/releases";
import { GENERATED_LOCK, readLock } from "../../components/image/lock";
import { readSchema } from "../../components/image/schema-version";
import { isOwn, substitutesOf, thirdPartyImages } from "../../components/image/third-party";
import { CHECKOUT, copyCheckout, TestStack } from "../support/stack";
import { emptyBuilder, emptyRegistry, type Engine, releaseMachine } from "../support/release";

const RUN = `release-${crypto.randomBytes(3).toString("hex")}`;
const STACK = `organization/${RELEASE_PROJECT}/${RELEASE_STACK}`;
/** Of a registry that a test ends in the middle of a push. */
const DYING_PORT = 5056;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), `ralex-${RUN}-`));
let first: TestStack;
let registry: string;
let built: BuiltRelease;
let builder: Engine;
let cutOff: Promise<{ exitCode: number; stderr: string; recorded: readonly unknown[] }>;

/** A clone of the commit, made and worked in under a umask that shared machines have. */
async function cloneOf(name: string): Promise<TestStack> {
  const folder = path.join(scratch, name);
  await execa("sh", ["-c", 'umask 002 && git clone --quiet "$1" "$2"', "sh", first.folder, folder]);
  fs.symlinkSync(path.join(CHECKOUT, "node_modules"), path.join(folder, "node_modules"));
  return new TestStack(folder);
}

const machineOf = ({ folder }: TestStack, prefix: string, host?: string): Promise<Machine> =>
  releaseMachine(folder, prefix, host);

/** Manifests of every image, by image and platform: what has to be the same in two builds. */
const manifestsOf = ({ pushed }: BuiltRelease) =>
  Object.fromEntries(pushed.map(({ name, platforms }) => [name, platforms]));

const contextHashes = (stack: TestStack): readonly string[] => {
  const file = path.join(stack.folder, `.ralex/state/.pulumi/stacks/${RELEASE_PROJECT}/${RELEASE_STACK}.json`);
  const found = fs.readFileSync(file, "utf8").matchAll(/"contextHash": ?"([0-9a-f]{64})"/g);
  // The state lists the images in the order in which their builds ended.
  return [...found].map(([, hash = ""]) => hash).sort();
};

async function releasesOf({ workspace }: Machine) {
  const outputs = JSON.parse(await workspace.capture(["stack", "output", "--json", "--stack", STACK])) as {
    readonly releases?: unknown;
  };
  return readReleases(outputs.releases);
}

beforeAll(async () => {
  first = await copyCheckout(path.join(scratch, "first"));
  builder = await emptyBuilder(path.join(scratch, "builder"));
  built = await buildRelease(first.folder, async () => {
    const machine = await machineOf(first, RUN);
    registry = machine.registry;
    return machine;
  });
  // Most of its time BuildKit waits and tries again: meanwhile the other tests go on.
  cutOff = buildIntoDyingRegistry();
  cutOff.catch(() => undefined);
}, 240_000);

afterAll(async () => {
  await builder.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
}, 60_000);

/** A release whose registry is killed as soon as the first layer has arrived. */
async function buildIntoDyingRegistry() {
  const dying = await emptyRegistry(path.join(scratch, "dying"), DYING_PORT);
  const stack = await cloneOf("third");
  const command = stack.spawn(["build"], { RALEX_REGISTRY: dying.address });
  const blobs = path.join(dying.storage, "docker/registry/v2/blobs");
  while (!fs.existsSync(blobs) && command.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
  await dying.stop("SIGKILL");
  const { exitCode, stderr } = await command;
  return { exitCode, stderr, recorded: await releasesOf(await machineOf(stack, RUN)) };
}

describe("the release of a commit", () => {
  test("has every image for both platforms, by digest, and the schema that it brings", async () => {
    const { release, pushed } = built;
    const own = Object.entries(release.images).filter(([, image]) => isOwn(image));
    expect(own.map(([name]) => name).sort()).toEqual(["probe", "ralex-api", "ralex-api-dev"]);
    for (const [name, { ref, platforms }] of own) {
      expect(ref).toMatch(new RegExp(`^${registry}/${name}@sha256:[0-9a-f]{64}$`));
      expect(platforms).toEqual([...PLATFORMS]);
    }
    expect(pushed.map(({ platforms }) => Object.keys(platforms).sort())).toEqual(pushed.map(() => [...PLATFORMS]));
    expect(pushed.flatMap(({ missing }) => missing)).toEqual([]);
    expect(release.revision).toBe((await execa("git", ["-C", first.folder, "rev-parse", "HEAD"])).stdout);
    expect(release.schema).toEqual(readSchema(path.join(CHECKOUT, "images/ralex-api")));
  });

  test("has every third-party image that a target runs, as the lock has it", () => {
    const lock = readLock(first.folder, { RALEX_IMAGES_LOCK: GENERATED_LOCK });
    const others = Object.fromEntries(Object.entries(built.release.images).filter(([, image]) => !isOwn(image)));
    expect(Object.keys(others)).toEqual(
      expect.arrayContaining(["nginx", "openwebui", "postgres", "prometheus", "redis"]),
    );
    expect(others).toEqual(thirdPartyImages(lock));
    expect(substitutesOf(built.release.images)).toEqual(Object.keys(others).sort());
  });

  test("has in each image programs of the platform that the image is for", async () => {
    for (const [platform, machine] of [
      ["linux/amd64", "x86_64"],
      ["linux/arm64", "aarch64"],
    ] as const) {
      const digest = built.pushed.find(({ name }) => name === "ralex-api")?.platforms[platform] ?? "";
      const ref = `${registry}/ralex-api@${digest}`;
      await execa("docker", ["pull", "--quiet", "--platform", platform, ref]);
      try {
        const code = "import platform, uvloop, ralex_bridge; print(platform.machine())";
        const run = [
          "run",
          "--rm",
          "--network=none",
          "--platform",
          platform,
          "--entrypoint=python3.11",
          ref,
          "-c",
          code,
        ];
        expect((await execa("docker", run)).stdout).toBe(machine);
      } finally {
        await execa("docker", ["rmi", ref], { reject: false });
      }
    }
  }, 60_000);

  test("is built once: a second build of the commit changes nothing", async () => {
    const again = await buildRelease(first.folder, () => machineOf(first, RUN));
    expect(again.release).toEqual(built.release);
    expect(await releasesOf(await machineOf(first, RUN))).toHaveLength(1);
  }, 60_000);
});

describe("another clone of the commit, under another umask, with a builder that knows nothing", () => {
  let second: TestStack;

  test("builds every layer itself and gets the same manifests for each platform", async () => {
    second = await cloneOf("second");
    // Under another prefix, where no cache was left.
    const again = await buildRelease(second.folder, () => machineOf(second, `${RUN}-again`, builder.address));
    expect(manifestsOf(again)).toEqual(manifestsOf(built));
    expect(contextHashes(second)).toEqual(contextHashes(first));
    expect(contextHashes(second).length).toBeGreaterThanOrEqual(3);
    // A minute on two cores that do nothing else.
  }, 600_000);

  test("takes both platforms from the cache in the registry, where there is one", async () => {
    const other = await emptyBuilder(path.join(scratch, "other"));
    try {
      const steps = await buildWithCache(second, other);
      const ran = steps.filter(({ isCached }) => !isCached).map(({ name }) => name);
      // Images to start from are looked up, and never "cached".
      expect(ran.filter((name) => !/\] FROM |internal\]/.test(name))).toEqual([]);
      for (const platform of PLATFORMS) {
        expect(steps.filter(({ name, isCached }) => name.startsWith(`[${platform} prod`) && isCached)).not.toEqual([]);
      }
    } finally {
      await other.stop();
    }
  }, 180_000);

  /** One build as the release project has it, with the steps that BuildKit says it took. */
  async function buildWithCache(stack: TestStack, { address }: Engine) {
    const { workspace } = await machineOf(stack, RUN);
    const context = path.join(stack.folder, EXPORT_FOLDER, "images/ralex-api");
    const lock = JSON.parse(fs.readFileSync(path.join(stack.folder, ".ralex/release/images.lock.json"), "utf8")) as {
      python: { repository: string; digest: string };
    };
    const { changes } = readExportedCommit(path.join(stack.folder, EXPORT_FOLDER));
    const options = [
      ...["target=prod", `platform=${PLATFORMS.join(",")}`],
      `build-arg:PYTHON_IMAGE=${lock.python.repository}@${lock.python.digest}`,
      `build-arg:SOURCE_DATE_EPOCH=${changes["ralex-api"].time}`,
    ];
    const { stderr } = await execa(
      "buildctl",
      [
        ...["--addr", address, "build", "--frontend", "dockerfile.v0", "--progress", "plain"],
        ...["--local", `context=${context}`, "--local", `dockerfile=${context}`],
        ...options.flatMap((option) => ["--opt", option]),
        ...["--import-cache", `type=registry,ref=${registry}/ralex-api:cache`],
      ],
      { env: workspace.environment },
    );
    const names = new Map([...stderr.matchAll(/^#(\d+) (\[.*)$/gm)].map(([, id = "", name = ""]) => [id, name]));
    const cached = new Set([...stderr.matchAll(/^#(\d+) CACHED/gm)].map(([, id]) => id));
    return [...names].map(([id, name]) => ({ name, isCached: cached.has(id) }));
  }
});

describe("a checkout that differs from its commit", () => {
  test("is refused with exit code 2 and the names of the files, before anything is installed or built", async () => {
    const file = "images/probe/ralex_probe.py";
    const { folder } = first;
    const committed = fs.readFileSync(path.join(folder, file), "utf8");
    fs.appendFileSync(path.join(folder, file), "# edited\n");
    try {
      const { exitCode, stderr, stdout } = await first.ralex(["build", "--json"]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(new RegExp(`these files differ from it:\n  ${file}\nCommit or undo them`));
    } finally {
      fs.writeFileSync(path.join(folder, file), committed);
    }
  }, 30_000);
});

describe("what was pushed", () => {
  test("is missed by name when the registry has lost a platform, and the next build makes it anew", async () => {
    const probe = built.pushed.find(({ name }) => name === "probe")?.platforms["linux/arm64"] ?? "";
    const path = `${registry.slice(registry.indexOf("/") + 1)}/probe`;
    const host = registry.slice(0, registry.indexOf("/"));
    expect((await fetch(`http://${host}/v2/${path}/manifests/${probe}`, { method: "DELETE" })).status).toBe(202);
    const expected = built.release.images.probe ?? { ref: "", platforms: [] };
    expect((await checkPushed("probe", expected)).missing).toEqual([`probe, linux/arm64: the manifest ${probe}`]);
    const repaired = await buildRelease(first.folder, () => machineOf(first, RUN));
    expect(repaired.pushed.flatMap(({ missing }) => missing)).toEqual([]);
    expect(manifestsOf(repaired)).toEqual(manifestsOf(built));
    // The index has the same manifests again, so the earlier one is whole as well.
    expect((await checkPushed("probe", expected)).missing).toEqual([]);
  }, 60_000);

  test("stays when the stack of the releases is destroyed", async () => {
    const { workspace } = await machineOf(first, RUN);
    await workspace.capture(
      ["destroy", "--yes", "--skip-preview", "--stack", STACK],
      path.join(first.folder, "stacks/images"),
    );
    const images = Object.entries(built.release.images);
    const found = await Promise.all(images.map(([name, expected]) => checkPushed(name, expected)));
    expect(found.flatMap(({ missing }) => missing)).toEqual([]);
    const { ref } = built.release.images.probe ?? { ref: "" };
    await execa("docker", ["pull", "--quiet", ref]);
    await execa("docker", ["rmi", ref]);
  }, 60_000);
});

describe("a registry that dies in the middle of a push", () => {
  test("is named, with exit code 1, and no release is recorded", async () => {
    const { exitCode, stderr, recorded } = await cutOff;
    expect(exitCode).toBe(1);
    const said = `the registry 127.0.0.1:${DYING_PORT} does not answer: start it, or name another, and run again`;
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(recorded).toEqual([]);
  }, 180_000);
});
