/** The checkout's provider: what it compares, and what it writes into a volume. */
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { archive } from "../../../components/docker/provider/files";
import { RalexProvider } from "../../../components/provider/provider";

const provider = new RalexProvider();
const urn = (type: string) => `urn:pulumi:dev::ralex::ralex:docker:Stack$ralex:docker:${type}::ralex-one`;
/** As the engine marks a value that a preview cannot know. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const secret = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

describe("a difference", () => {
  test.each([
    ["of files: another content is another volume", "Files", { hash: "a", volume: "v" }, { hash: "b" }, ["hash"]],
    ["of a job: another container is run", "JobRun", { containerId: "a" }, { containerId: UNKNOWN }, ["containerId"]],
    [
      "of what a job waits for",
      "JobRun",
      { containerId: "a", after: ["b"] },
      { containerId: "a", after: ["c"] },
      ["after"],
    ],
    [
      "of checks: they are made again",
      "Checks",
      { ids: ["a", "p"], result: {} },
      { containers: [{ id: "b" }], probe: { id: "p" } },
      ["ids"],
    ],
  ])("%s", async (_, type, before, after, replaces) => {
    const given: Record<string, unknown> = after;
    expect(await provider.diff("id", urn(type), before, given)).toMatchObject({ changes: true, replaces });
  });

  test.each([
    ["Checks", { ids: ["a", "p"], result: {} }, { containers: UNKNOWN, probe: UNKNOWN }, ["ids"]],
    ["Files", { hash: "a", volume: "v" }, { hash: UNKNOWN, files: UNKNOWN, user: UNKNOWN }, ["hash"]],
    ["JobRun", { containerId: "a", after: [] }, { containerId: UNKNOWN, after: UNKNOWN }, ["containerId", "after"]],
    ["Admission", { containerId: "a", readiness: [] }, { containerId: UNKNOWN, readiness: UNKNOWN }, ["containerId"]],
    ["Readiness", { containers: [] }, { containers: UNKNOWN }, []],
    ["VolumeOwners", { volumes: [] }, { volumes: UNKNOWN, image: UNKNOWN }, []],
  ])("of %s whose whole inputs are not known yet is one", async (type, before, after, replaces) => {
    expect(await provider.diff("id", urn(type), before, after)).toMatchObject({ changes: true, replaces });
  });

  test("of the files' image, labels or name is none, since they are only how a volume is made", async () => {
    const before = { hash: "a", volume: "v" };
    const after = { hash: "a", image: "another", labels: { a: "b" }, name: "another", files: secret([]) };
    expect(await provider.diff("id", urn("Files"), before, after)).toMatchObject({ changes: false, replaces: [] });
  });

  test("of limits is set in place; of a replica's drain too, and another replica is admitted after the old one left", async () => {
    const limits = { containers: [{ name: "a", id: "1", pids: 8 }] };
    const more = { containers: [{ name: "a", id: "1", pids: 9 }] };
    expect(await provider.diff("id", urn("Readiness"), limits, more)).toMatchObject({
      changes: true,
      replaces: [],
    });
    const before = { container: "a", containerId: "1", edge: "e", drainFile: "/f", drains: false };
    const drains = await provider.diff("id", urn("Admission"), before, { ...before, drains: true });
    expect(drains).toMatchObject({ changes: true, replaces: [] });
    const replaced = await provider.diff("id", urn("Admission"), before, { ...before, containerId: "2" });
    expect(replaced).toMatchObject({ replaces: ["containerId"], deleteBeforeReplace: true });
  });

  test("a secret's mark makes none", async () => {
    const after = { hash: secret("a") };
    expect(await provider.diff("id", urn("Files"), { hash: "a", volume: "v" }, after)).toMatchObject({
      changes: false,
    });
  });

  test("a type that the checkout does not have is named, with those that it has", async () => {
    await expect(provider.diff("id", urn("Command"), {}, {})).rejects.toThrow(
      /has no ralex:docker:Command; it has .*Files/,
    );
  });
});

test("a volume's files belong to the service's user with their modes, and nothing is left open to others", async () => {
  const files = [
    { path: "nginx.conf", mode: 0o444, content: "worker_processes 1;" },
    { path: "secrets/deep/tls.key", mode: 0o400, content: "ключ" },
  ];
  const found: Record<string, unknown> = {};
  const reader = extract();
  reader.on("entry", ({ name, mode, uid, gid, type }, stream, next) => {
    void buffer(stream as unknown as NodeJS.ReadableStream).then((content) => {
      found[name] = [type, mode?.toString(8), uid, gid, content.toString("utf8")];
      next();
    });
  });
  reader.end(await archive({ files, user: { uid: 101, gid: 102 } }));
  await new Promise<void>((resolve) => reader.on("finish", () => resolve()));
  expect(found).toEqual({
    secrets: ["directory", "755", 0, 0, ""],
    "secrets/deep": ["directory", "755", 0, 0, ""],
    "nginx.conf": ["file", "444", 101, 102, "worker_processes 1;"],
    "secrets/deep/tls.key": ["file", "400", 101, 102, "ключ"],
  });
});
