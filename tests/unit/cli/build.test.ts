/** The commit that a release is built from, and its export, on real repositories. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { commitToBuild } from "../../../cli/build/commit";
import { exportCommit } from "../../../cli/build/export";
import { Failure } from "../../../cli/failure";
import { contextHash } from "../../../toolchain/pulumi/plugins/docker-build/context";

const FILES = {
  "images/ralex-api/Dockerfile": "FROM scratch\n",
  "images/ralex-api/Dockerfile.dockerignore": "*\n!ralex_bridge\n",
  "images/ralex-api/ralex_bridge/app.py": "print()\n",
  "images/ralex-api/tests/test_app.py": "",
  "images/probe/Dockerfile": "FROM scratch\n",
  "images/probe/run.sh": "#!/bin/sh\n",
  "images/images.lock.json": "{}\n",
  "README.md": "# x\n",
};

let scratch: string;
let checkout: string;
const git = (folder: string, ...args: readonly string[]) =>
  execa("git", ["-C", folder, "-c", "user.name=test", "-c", "user.email=test@ralex.example", ...args]);
const write = (file: string, text: string) => fs.writeFileSync(path.join(checkout, file), text);

beforeEach(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-commit-"));
  checkout = path.join(scratch, "origin");
  for (const [file, text] of Object.entries(FILES)) {
    fs.mkdirSync(path.dirname(path.join(checkout, file)), { recursive: true });
    write(file, text);
  }
  fs.chmodSync(path.join(checkout, "images/probe/run.sh"), 0o755);
  fs.symlinkSync("app.py", path.join(checkout, "images/ralex-api/ralex_bridge/link.py"));
  await git(checkout, "init", "--quiet");
  await git(checkout, "add", "--all");
  await git(checkout, "commit", "--quiet", "--message", "first", "--date", "2026-01-01T00:00:00Z");
});
afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

async function refusal(): Promise<Failure> {
  const error: unknown = await commitToBuild(checkout).catch((thrown: unknown) => thrown);
  if (error instanceof Failure) return error;
  throw new Error("nothing was refused");
}

/** Names, whole modes and contents, as the official provider's hash has them. */
function treeHash(folder: string): string {
  const hash = createHash("sha256");
  for (const name of (fs.readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const file = path.join(folder, name);
    const stat = fs.lstatSync(file);
    hash.update(`${name}\0${stat.mode.toString(8)}\0`);
    if (stat.isSymbolicLink()) hash.update(fs.readlinkSync(file));
    else if (stat.isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest("hex");
}

describe("the commit of a release", () => {
  test("has the last change of each context, whatever else was committed since", async () => {
    const first = (await git(checkout, "rev-parse", "HEAD")).stdout;
    write("README.md", "# y\n");
    await git(checkout, "commit", "--quiet", "--all", "--message", "second");
    write("images/probe/run.sh", "#!/bin/sh\nexit 1\n");
    await git(checkout, "commit", "--quiet", "--all", "--message", "third");
    const third = (await git(checkout, "rev-parse", "HEAD")).stdout;
    const commit = await commitToBuild(checkout);
    expect(commit).toMatchObject({
      revision: third,
      changes: { "ralex-api": { commit: first }, probe: { commit: third } },
    });
    const time = Number((await git(checkout, "show", "--no-patch", "--format=%ct", first)).stdout);
    expect(commit.changes["ralex-api"].time).toBe(time);
  });

  test("is refused while files that the build uses differ, all of them named, new ones too", async () => {
    write("images/ralex-api/ralex_bridge/app.py", "print(1)\n");
    write("images/ralex-api/ralex_bridge/new.py", "");
    write("images/ralex-api/Dockerfile", "FROM x\n");
    write("images/images.lock.json", "{ }\n");
    const { message, exitCode } = await refusal();
    expect(exitCode).toBe(2);
    expect(message.split("\n").filter((line) => line.startsWith("  "))).toEqual([
      "  images/images.lock.json",
      "  images/ralex-api/Dockerfile",
      "  images/ralex-api/ralex_bridge/app.py",
      "  images/ralex-api/ralex_bridge/new.py",
    ]);
  });

  test("is taken while other files differ: documents, and tests that the build leaves out", async () => {
    write("README.md", "# edited\n");
    write("images/ralex-api/tests/test_app.py", "edited\n");
    await expect(commitToBuild(checkout)).resolves.toBeDefined();
  });

  test("is refused in a clone whose history ends before the last change", async () => {
    write("README.md", "# y\n");
    await git(checkout, "commit", "--quiet", "--all", "--message", "second");
    const origin = checkout;
    checkout = path.join(scratch, "shallow");
    await execa("git", ["clone", "--quiet", "--depth=1", `file://${origin}`, checkout]);
    const { message, exitCode } = await refusal();
    expect(exitCode).toBe(2);
    expect(message).toMatch(/history is cut off .* git fetch --unshallow/);
  });

  test("is asked for outside a repository", async () => {
    checkout = path.join(scratch, "plain");
    fs.mkdirSync(checkout);
    expect((await refusal()).message).toMatch(/a release is built from a commit/);
  });
});

describe("the export of a commit", () => {
  async function exported(name: string, umask: number): Promise<string> {
    const before = process.umask(umask);
    try {
      const clone = path.join(scratch, name);
      await execa("git", ["clone", "--quiet", `file://${checkout}`, clone]);
      return await exportCommit(clone, await commitToBuild(clone));
    } finally {
      process.umask(before);
    }
  }

  test("is the same in two clones under any umask, whole modes included", async () => {
    const folders = [await exported("a", 0o022), await exported("b", 0o002), await exported("c", 0o077)];
    expect(new Set(folders.map(treeHash)).size).toBe(1);
    for (const context of ["ralex-api", "probe"]) {
      const hashes = folders.map((folder) => {
        const location = path.join(folder, "images", context);
        const dockerfile = path.join(location, "Dockerfile");
        return contextHash({ context: location, dockerfile, inline: undefined, named: {} });
      });
      expect(new Set(hashes).size).toBe(1);
    }
  });

  test("has the build contexts alone, with 644 and 755 as modes, and links as links", async () => {
    const folder = await exported("a", 0o077);
    const mode = (file: string) => (fs.lstatSync(path.join(folder, file)).mode & 0o777).toString(8);
    expect(fs.readdirSync(folder).sort()).toEqual(["commit.json", "images"]);
    expect(fs.readdirSync(path.join(folder, "images")).sort()).toEqual(["probe", "ralex-api"]);
    expect(mode("images/probe/run.sh")).toBe("755");
    expect(mode("images/ralex-api/ralex_bridge")).toBe("755");
    expect(mode("images/ralex-api/ralex_bridge/app.py")).toBe("644");
    expect(fs.readlinkSync(path.join(folder, "images/ralex-api/ralex_bridge/link.py"))).toBe("app.py");
  });

  test("has what was committed, not what the working tree holds, and nothing of an earlier export", async () => {
    await exportCommit(checkout, await commitToBuild(checkout));
    fs.rmSync(path.join(checkout, "images/ralex-api/tests"), { recursive: true });
    write("images/ralex-api/ralex_bridge/app.py", "print(2)\n");
    await git(checkout, "add", "--all");
    await git(checkout, "commit", "--quiet", "--message", "second");
    const commit = await commitToBuild(checkout);
    write("images/ralex-api/ralex_bridge/app.py", "print(3)\n");
    const folder = await exportCommit(checkout, commit);
    const context = path.join(folder, "images/ralex-api");
    expect(fs.readFileSync(path.join(context, "ralex_bridge/app.py"), "utf8")).toBe("print(2)\n");
    expect(fs.existsSync(path.join(context, "tests"))).toBe(false);
    expect(JSON.parse(fs.readFileSync(path.join(folder, "commit.json"), "utf8"))).toEqual(commit);
  });

  test("of files of the same size and time has new times, by which BuildKit tells them apart", async () => {
    const folder = await exportCommit(checkout, await commitToBuild(checkout));
    const file = path.join(folder, "images/ralex-api/ralex_bridge/app.py");
    const before = fs.statSync(file).mtimeMs;
    await exportCommit(checkout, await commitToBuild(checkout));
    expect(fs.statSync(file).mtimeMs).toBeGreaterThan(before);
  });
});
