/** Looks for every secret of a running stack where none may be. */
import * as fs from "node:fs";
import * as path from "node:path";
import type Docker from "dockerode";
import execa from "execa";
import { FILES_FOLDER } from "../../components/app/model";
import { connectEngine } from "../../components/docker/engine/client";
import { STACK, testStack } from "../support/stack";

const stack = testStack();
const docker = connectEngine();
/** A key that a person sets; the generated secrets are canaries by themselves. */
const CANARY = "canary-5f0c2d9b7e1a4c38";

let secrets: readonly string[];
let containers: readonly Docker.ContainerInfo[];
let inspected: readonly Docker.ContainerInspectInfo[];

beforeAll(async () => {
  fs.writeFileSync(path.join(stack.folder, ".env"), `RALEX_OPENROUTER_API_KEY=${CANARY}\n`, { mode: 0o600 });
  await stack.start();
  containers = await docker.listContainers({ all: true, filters: { label: [`ralex.stack=${STACK}`] } });
  inspected = await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).inspect()));
  secrets = [CANARY, ...mountedSecrets(inspected)];
}, 900_000);

afterAll(async () => {
  fs.rmSync(path.join(stack.folder, ".env"));
  await stack.start();
}, 300_000);

/** Folders of the engine's host with what is mounted as services' files. */
const volumesOfFiles = (of: readonly Docker.ContainerInspectInfo[]): readonly string[] =>
  of
    .flatMap(({ Mounts }) => Mounts)
    .filter(({ Type, Destination }) => Type === "volume" && Destination === FILES_FOLDER)
    .map(({ Source }) => Source);

/** The contents of every secret file, and each long word in them: URLs hold a password in their middle. */
function mountedSecrets(of: readonly Docker.ContainerInspectInfo[]): readonly string[] {
  const files = volumesOfFiles(of)
    .map((folder) => path.join(folder, "secrets"))
    .filter((folder) => fs.existsSync(folder))
    .flatMap(filesUnder)
    .map((file) => fs.readFileSync(file, "utf8"));
  const words = files.flatMap((text) => text.match(/[A-Za-z0-9+/$.]{32,}/g) ?? []);
  // Digests are made to be known; what they are made of is among the words.
  return [...new Set(words.filter((word) => !/^[0-9a-f]{64}$/.test(word)))];
}

const found = (text: string): readonly string[] =>
  secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 4)}…`);

/** Looks through a stream; a secret that two pieces share is found too. */
async function foundIn(stream: NodeJS.ReadableStream): Promise<readonly string[]> {
  const longest = Math.max(...secrets.map(({ length }) => length));
  const seen = new Set<string>();
  let bytes = 0;
  let rest = "";
  for await (const piece of stream) {
    const text = rest + (piece as Buffer).toString("latin1");
    for (const secret of found(text)) seen.add(secret);
    rest = text.slice(-longest);
    bytes += (piece as Buffer).length;
  }
  // An image of the bridge is larger than this; less would be an answer that is none.
  expect(bytes).toBeGreaterThan(50_000_000);
  return [...seen];
}

describe("no secret of the stack", () => {
  test("is missing from this test: passwords, keys, the certificate's key and the person's own", () => {
    expect(secrets.length).toBeGreaterThan(15);
    expect(containers).toHaveLength(15);
  });

  test("stands in what docker inspect shows", async () => {
    for (const { Id } of containers) {
      expect(found(JSON.stringify(await docker.getContainer(Id).inspect()))).toEqual([]);
    }
  });

  test("stands in a log", async () => {
    let characters = 0;
    for (const { Id } of containers) {
      const { all } = await execa("docker", ["logs", Id], { all: true });
      characters += (all ?? "").length;
      expect(found(all ?? "")).toEqual([]);
    }
    expect(characters).toBeGreaterThan(1000);
  });

  test("stands in an image's configuration or history", async () => {
    for (const id of new Set(containers.map(({ ImageID }) => ImageID))) {
      const image = docker.getImage(id);
      expect(found(JSON.stringify([await image.inspect(), await image.history()]))).toEqual([]);
    }
  });

  test("stands in a layer of an image that was built here", async () => {
    const built = new Map(
      containers
        .filter(({ Labels }) => Labels["ralex.image"]?.includes("/ralex-api"))
        .map(({ ImageID }) => [ImageID, docker.getImage(ImageID)]),
    );
    expect(built.size).toBe(2);
    for (const image of built.values()) expect(await foundIn(await image.get())).toEqual([]);
  }, 120_000);

  test("stands in an environment or a command line of any process", () => {
    const read = new Set<string>();
    for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      for (const file of ["environ", "cmdline"]) {
        let text: string;
        try {
          text = fs.readFileSync(`/proc/${pid}/${file}`, "latin1");
        } catch {
          continue; // The process ended meanwhile.
        }
        if (text !== "") read.add(`${pid} ${file}`);
        expect(found(text)).toEqual([]);
      }
    }
    // Of every container that runs, both were read.
    const running = inspected.filter(({ State }) => State.Running).map(({ State }) => State.Pid);
    expect(running.length).toBeGreaterThan(10);
    for (const pid of running) for (const file of ["environ", "cmdline"]) expect(read).toContain(`${pid} ${file}`);
  });

  test("stands in clear in the state, the stack's file or anything else that the checkout keeps", async () => {
    const kept = ["state", "init", "pulumi"].map((folder) => path.join(stack.folder, ".ralex", folder));
    const files = kept.flatMap(filesUnder);
    expect(files).toContainEqual(expect.stringMatching(new RegExp(`state/.*/${STACK}\\.json$`)));
    for (const file of files) expect([file, found(fs.readFileSync(file, "latin1"))]).toEqual([file, []]);
  });

  test("is readable for anybody but root and the container's own user, and no two services share them", () => {
    const users = new Map(inspected.flatMap(({ Mounts, Config }) => Mounts.map(({ Source }) => [Source, Config.User])));
    const folders = volumesOfFiles(inspected);
    expect(folders.length).toBeGreaterThan(8);
    // Replicas of one service have one volume, and no two services do.
    const services = new Map(inspected.map(({ Mounts, Config }) => [Config.Labels["ralex.service"], Mounts] as const));
    const first = [...services.values()].flatMap((mounts) => volumesOfFiles([{ Mounts: mounts } as never]));
    expect(new Set(folders).size).toBe(first.length);
    expect(new Set(first).size).toBe(first.length);
    for (const folder of folders) {
      for (const file of filesUnder(folder)) {
        const { mode, uid, gid } = fs.statSync(file);
        const isSecret = path.basename(path.dirname(file)) === "secrets";
        expect([file, mode & 0o777, `${uid}:${gid}`]).toEqual([file, isSecret ? 0o400 : 0o444, users.get(folder)]);
      }
    }
  });
});

function filesUnder(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(full) : entry.isFile() ? [full] : [];
  });
}
