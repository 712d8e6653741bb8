/** A foreign Ralex through the release project, on a real builder and engine: from a commit, then from a folder. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import execa from "execa";
import { extract } from "tar-stream";
import { connectEngine } from "../../components/docker/engine/client";
import { prepareMachine, type Machine } from "../../cli/machine";
import { prepareSource } from "../../cli/source/context";
import { updateImages } from "../../cli/update";
import { readReleases, RELEASE_PROJECT, WORKING_TREE_STACK, type ReleaseRecord } from "../../components/image/releases";
import { BRIDGE_COMMAND } from "../../components/settings/docker";
import { loadSettings } from "../../components/settings/load";
import { poll } from "../support/http";
import { copyCheckout, type TestStack } from "../support/stack";
import { onDocker } from "../support/on-docker";

const APP = `from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"who": "a foreign Ralex"}
`;
/** A command of a package, so that more than `python -m` is shown to start. */
const COMMAND = "uvicorn theirs.app:app --host 0.0.0.0";

const docker = connectEngine();
let stack: TestStack;
let machine: Machine;
let tree: string;
let commit: string;
const pulled = new Set<string>();

const git = (...args: readonly string[]) =>
  execa("git", ["-C", tree, "-c", "user.name=test", "-c", "user.email=test@ralex.example", ...args]);

beforeAll(async () => {
  stack = await copyCheckout(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-foreign-")), "foreign");
  tree = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-theirs-"));
  fs.mkdirSync(path.join(tree, "theirs"));
  fs.writeFileSync(path.join(tree, "theirs/app.py"), APP);
  fs.writeFileSync(path.join(tree, "requirements.txt"), "fastapi>=0.110\nuvicorn\n");
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "their Ralex");
  commit = (await git("rev-parse", "HEAD")).stdout;
  machine = await prepareMachine(stack.folder, { images: true, workingTree: true });
}, 120_000);

afterAll(async () => {
  for (const ref of pulled) await docker.getImage(ref).remove({ force: true });
  for (const folder of [stack.folder, tree]) fs.rmSync(folder, { recursive: true, force: true });
});

/** Builds the source and returns the newest release. */
async function release(source: string): Promise<ReleaseRecord> {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { source, sourceCommand: COMMAND } });
  await updateImages(machine, await prepareSource(stack.folder, settings));
  const name = `organization/${RELEASE_PROJECT}/${WORKING_TREE_STACK}`;
  const outputs = JSON.parse(await machine.workspace.capture(["stack", "output", "--json", "--stack", name])) as {
    releases: unknown;
  };
  const [newest] = readReleases(outputs.releases);
  if (newest === undefined) throw new Error("there is no release");
  return newest;
}

/** Runs an image as the stack does, until it is healthy by the model's own check. */
async function whenHealthy<T>(ref: string, use: (container: Docker.Container) => Promise<T>): Promise<T> {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { source: tree, sourceCommand: COMMAND } });
  const api = onDocker(settings).services.find(({ name }) => name === "api");
  await execa("docker", ["pull", "--quiet", ref]);
  pulled.add(ref);
  const container = await docker.createContainer({
    Image: ref,
    Healthcheck: { Test: ["CMD", ...(api?.health?.command ?? [])], Interval: 1e9, Timeout: 3e9, Retries: 5 },
    HostConfig: { ReadonlyRootfs: true, CapDrop: ["ALL"], SecurityOpt: ["no-new-privileges"], Tmpfs: { "/tmp": "" } },
  });
  try {
    await container.start();
    await poll("the foreign API to be healthy", 30_000, async () =>
      (await container.inspect()).State.Health?.Status === "healthy" ? true : undefined,
    );
    return await use(container);
  } finally {
    await container.remove({ force: true });
  }
}

const whoIs = async (container: Docker.Container): Promise<unknown> => {
  const { Networks } = (await container.inspect()).NetworkSettings;
  return (await fetch(`http://${Networks.bridge?.IPAddress}:8000/health`)).json();
};

/** Paths of every file of a container. */
async function filesOf(container: Docker.Container): Promise<readonly string[]> {
  const names: string[] = [];
  const unpack = extract();
  unpack.on("entry", ({ name }, stream, next) => {
    names.push(name);
    stream.on("end", next).resume();
  });
  const done = new Promise<void>((resolve, reject) => unpack.on("finish", () => resolve()).on("error", reject));
  (await container.export()).pipe(unpack);
  await done;
  return names;
}

describe("a foreign Ralex", () => {
  let built: ReleaseRecord;

  test("is built from a commit of a repository into one image for every use, beside the probe", async () => {
    const source = `file://${tree}#${commit}`;
    built = await release(source);
    expect(built.revision).toBe(source);
    expect(Object.keys(built.images).sort()).toEqual(["probe", "ralex-api", "ralex-api-dev"]);
    for (const { ref } of Object.values(built.images)) expect(ref).toMatch(/@sha256:[0-9a-f]{64}$/);
  }, 120_000);

  test("answers, is healthy, runs as the stack's user, and keeps the lock of what was installed", async () => {
    await whenHealthy(built.images["ralex-api"]?.ref ?? "", async (container) => {
      expect((await container.inspect()).Config.User).toBe("10001:10001");
      expect(await whoIs(container)).toEqual({ who: "a foreign Ralex" });
      const { stdout: lock } = await execa("docker", ["cp", `${container.id}:/usr/share/ralex/requirements.lock`, "-"]);
      expect(lock).toMatch(/^fastapi==\S+ \\\n\s+--hash=sha256:[0-9a-f]{64}/m);
      expect(lock).toMatch(/^uvicorn==/m);
    });
  }, 60_000);

  test("has no shell, compiler, package manager or history in its image", async () => {
    const container = await docker.createContainer({ Image: built.images["ralex-api"]?.ref ?? "" });
    try {
      const files = await filesOf(container);
      expect(files).toContain("app/theirs/app.py");
      const tools = /(^|\/)(sh|bash|dash|busybox|gcc|cc|apt|apt-get|dpkg|pip3?|uv|git)$|(^|\/)\.git\/|\/ensurepip\//;
      expect(files.filter((file) => tools.test(file))).toEqual([]);
    } finally {
      await container.remove();
    }
  }, 60_000);

  test("is built from a folder with what is edited in it, even where no file's size changes", async () => {
    fs.writeFileSync(path.join(tree, "theirs/app.py"), APP.replace("a foreign Ralex", "an edited Ralex"));
    const edited = await release(tree);
    expect(edited.revision).toBe(`${tree}@${commit}-dirty`);
    expect(edited.images["ralex-api"]?.ref).not.toBe(built.images["ralex-api"]?.ref);
    await whenHealthy(edited.images["ralex-api"]?.ref ?? "", async (container) => {
      expect(await whoIs(container)).toEqual({ who: "an edited Ralex" });
    });
  }, 120_000);
});

describe("a start with a source that cannot be built says so before anything is made", () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    ["a missing folder", () => ({ RALEX_SOURCE: "nowhere" }), /there is no folder .*nowhere/],
    ["hot reload", () => ({ RALEX_SOURCE: tree, RALEX_HOT_RELOAD: "true" }), /hotReload.*is not supported with source/],
    ["a URL without a commit", () => ({ RALEX_SOURCE: "https://example.org/x.git" }), /source.*names no commit/],
    ["an unknown commit", () => ({ RALEX_SOURCE: `file://${tree}#${"0".repeat(40)}` }), /has no commit 0{40}/],
    [
      "no start command",
      () => ({ RALEX_SOURCE: tree, RALEX_SOURCE_COMMAND: BRIDGE_COMMAND }),
      /set ralex:sourceCommand/,
    ],
  ])(
    "%s",
    async (_, environment, message) => {
      const state = path.join(stack.folder, `.ralex/state/.pulumi/stacks/ralex`);
      const { exitCode, stderr } = await stack.ralex(["start", "-s", stack.name], {
        ...{ RALEX_HOT_RELOAD: "false", RALEX_SOURCE_COMMAND: COMMAND },
        ...environment(),
      });
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(message);
      expect(fs.existsSync(state)).toBe(false);
    },
    60_000,
  );
});
