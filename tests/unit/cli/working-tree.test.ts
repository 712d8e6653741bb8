/** Whether the images of the working tree have to be built, told without Pulumi. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fingerprint, goneImages, isBuilt, recordBuilt } from "../../../cli/build/working-tree";
import { Workspace } from "../../../cli/workspace";
import type { RegistryReader } from "../../../components/image/registry-reader";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const REFS = { "ralex-api": `r/ralex-api@${DIGEST}`, probe: `r/probe@${DIGEST}` };
const CONTENT = { config: { "ralex-images:revision": "abc" } };
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

function write(checkout: string, file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true });
  fs.writeFileSync(path.join(checkout, file), text);
}

const STATE = ".ralex/state/.pulumi/stacks/ralex-images/working-tree.json";
const state = (releases: unknown) =>
  JSON.stringify({
    checkpoint: { latest: { resources: [{ urn: "u", type: "pulumi:pulumi:Stack", outputs: { releases } }] } },
  });
const release = {
  ...{ id: "r-1", revision: "abc", createdAt: "2026-01-01T00:00:00.000Z", schema: { version: 1, barriers: [] } },
  images: Object.fromEntries(Object.entries(REFS).map(([name, ref]) => [name, { ref, platforms: ["linux/amd64"] }])),
};

/** A checkout whose images were built. */
async function built(): Promise<Workspace> {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-working-tree-"));
  folders.push(checkout);
  const python = { repository: "python", tag: "3.11", digest: DIGEST, platforms: ["linux/amd64"], sizeBudgetMiB: 1 };
  write(checkout, "images/images.lock.json", JSON.stringify({ python }));
  write(checkout, "images/ralex-api/Dockerfile", "FROM scratch\n");
  write(checkout, "components/image/one.ts", "");
  write(checkout, "stacks/images/index.ts", "");
  write(checkout, "package-lock.json", "{}");
  write(checkout, STATE, state([release]));
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  await recordBuilt(workspace, fingerprint(workspace, CONTENT, []));
  return workspace;
}

/** A registry that has these references, and cannot be asked for those that throw. */
const registry = (has: (ref: string) => boolean): RegistryReader => ({
  resolve: () => Promise.reject(new Error("not asked")),
  platformsOf: async (ref) => (has(ref) ? ["linux/amd64"] : undefined),
});

const isCurrent = (workspace: Workspace, content = CONTENT, contexts: readonly string[] = []) =>
  isBuilt(workspace, fingerprint(workspace, content, contexts));

describe("images of the working tree", () => {
  test("are not built again while nothing changed, in a moved checkout too, nor for what tools leave behind", async () => {
    const workspace = await built();
    write(workspace.checkout, "images/ralex-api/__pycache__/a.pyc", "left");
    write(workspace.checkout, "images/ralex-api/.pytest_cache/a", "left");
    expect(await isCurrent(workspace)).toBe(true);
    const moved = `${workspace.checkout}-moved`;
    fs.renameSync(workspace.checkout, moved);
    folders.push(moved);
    folders.splice(folders.indexOf(workspace.checkout), 1);
    expect(await isCurrent(new Workspace(moved, { env: {}, standIns: [] }))).toBe(true);
  });

  test.each([
    ["a file of a context", "images/ralex-api/Dockerfile"],
    ["a new file", "images/ralex-api/new.py"],
    ["the program that builds", "stacks/images/index.ts"],
    ["the packages", "package-lock.json"],
    ["the stack, by another command,", STATE],
  ])("are built when %s changes", async (_, file) => {
    const workspace = await built();
    write(workspace.checkout, file, file === STATE ? state([]) : "changed\n");
    expect(await isCurrent(workspace)).toBe(false);
  });

  test("are built for another revision, for another source, and where the last build did not come to its end", async () => {
    const workspace = await built();
    expect(await isCurrent(workspace, { config: { "ralex-images:revision": "def" } })).toBe(false);
    write(workspace.checkout, ".ralex/source-context/Dockerfile", "FROM scratch\n");
    expect(await isCurrent(workspace, CONTENT, [path.join(workspace.checkout, ".ralex/source-context")])).toBe(false);
    fs.rmSync(path.join(workspace.checkout, ".ralex/working-tree"));
    expect(await isCurrent(workspace)).toBe(false);
  });

  test("are built again where a source was edited while they were built", async () => {
    const workspace = await built();
    const before = fingerprint(workspace, CONTENT, []);
    write(workspace.checkout, "images/ralex-api/Dockerfile", "FROM scratch\n# edited meanwhile\n");
    await recordBuilt(workspace, before);
    expect(await isCurrent(workspace)).toBe(false);
  });

  test("are built where the backend is read by Pulumi alone, of which nobody here knows what changed", async () => {
    const { checkout } = await built();
    const before = process.env;
    process.env = { ...before, PULUMI_BACKEND_URL: "gs://a-bucket" };
    try {
      expect(await isCurrent(new Workspace(checkout, { env: {}, standIns: [] }))).toBe(false);
    } finally {
      process.env = before;
    }
  });

  test("are told by name where the registry lost them, and not where it cannot be asked", async () => {
    const workspace = await built();
    expect(
      await goneImages(
        workspace,
        registry(() => true),
      ),
    ).toEqual([]);
    expect(
      await goneImages(
        workspace,
        registry((ref) => ref !== REFS.probe),
      ),
    ).toEqual(["probe"]);
    const silent = registry(() => {
      throw new Error("connection refused");
    });
    expect(await goneImages(workspace, silent)).toEqual([]);
    write(workspace.checkout, STATE, state(undefined));
    expect(
      await goneImages(
        workspace,
        registry(() => false),
      ),
    ).toEqual([]);
  });
});
