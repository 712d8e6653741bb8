/** How the build context of a foreign Ralex is put together, and what is refused before anything is built. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { prepareSource } from "../../../cli/source/context";
import { loadSettings } from "../../../components/settings/load";

const CHECKOUT = path.resolve(__dirname, "../../..");
let folder: string;
let tree: string;
let context: string;

/** Writes files into the tree; `undefined` removes one. */
function write(files: Readonly<Record<string, string | undefined>>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(tree, name);
    if (content === undefined) fs.rmSync(file);
    else {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content);
    }
  }
}

const git = async (...args: readonly string[]): Promise<string> => {
  const author = ["-c", "user.name=test", "-c", "user.email=test@ralex.example"];
  return (await execa("git", ["-C", tree, ...author, ...args])).stdout;
};

async function commit(): Promise<string> {
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", "a tree");
  return git("rev-parse", "HEAD");
}

const prepare = (source: string, sourceCommand = "python -m myapp") =>
  prepareSource(folder, loadSettings({ environment: {}, dotenv: {}, stack: { source, sourceCommand } }));

function contents(): string[] {
  const visit = (at: string): string[] =>
    fs
      .readdirSync(path.join(context, at), { withFileTypes: true })
      .flatMap((entry) =>
        entry.isDirectory() ? visit(path.posix.join(at, entry.name)) : [path.posix.join(at, entry.name)],
      );
  return visit("").sort();
}

const read = (file: string) => fs.readFileSync(path.join(context, file), "utf8");
const OURS = ["Dockerfile", "minimal_root.py", "uv.lock"];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-source-"));
  tree = path.join(folder, "their-ralex");
  context = path.join(folder, ".ralex/source-context");
  fs.mkdirSync(path.join(folder, "images"));
  for (const name of ["source", "ralex-api"]) {
    fs.symlinkSync(path.join(CHECKOUT, "images", name), path.join(folder, "images", name));
  }
  write({ "requirements.txt": "fastapi\n", "myapp/__main__.py": "print('hello')\n" });
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("the context of a folder", () => {
  test("has the tree, its lists apart, and what builds them, with the start command as the entrypoint", async () => {
    await expect(prepare("their-ralex")).resolves.toEqual({ folder: context, revision: `${tree}@unknown` });
    expect(contents()).toEqual([
      ...OURS.slice(0, 1),
      ...["dependencies/ralex.in", "dependencies/requirements.txt"],
      ...OURS.slice(1, 2),
      ...["tree/myapp/__main__.py", "tree/requirements.txt"],
      ...OURS.slice(2),
    ]);
    expect(read("dependencies/ralex.in")).toBe("-r requirements.txt\n");
    expect(read("Dockerfile").endsWith('\nENTRYPOINT ["python","-m","myapp"]\n')).toBe(true);
  });

  test("leaves out what .dockerignore names, by its rules", async () => {
    write({ ".dockerignore": "*\n!requirements.txt\n!myapp\nmyapp/*.md\n", "notes/a.py": "", "myapp/b.md": "" });
    await prepare(tree);
    expect(contents().filter((file) => file.startsWith("tree/"))).toEqual([
      "tree/myapp/__main__.py",
      "tree/requirements.txt",
    ]);
  });

  test("leaves out what .gitignore names at any depth, in a repository and outside one", async () => {
    write({ ".gitignore": "*.log\n", "a.log": "", "myapp/.gitignore": "cache\n", "myapp/cache/x": "" });
    const expected = ["tree/.gitignore", "tree/myapp/.gitignore", "tree/myapp/__main__.py", "tree/requirements.txt"];
    await prepare(tree);
    expect(contents().filter((file) => file.startsWith("tree/"))).toEqual(expected);
    const revision = await commit();
    const prepared = await prepare(tree);
    expect(prepared?.revision).toBe(`${tree}@${revision}`);
    expect(contents().filter((file) => file.startsWith("tree/"))).toEqual(expected);
  });

  test("never has history, caches, environments or .env", async () => {
    write({
      ".dockerignore": "",
      ".env": "KEY=x",
      "myapp/.env": "KEY=x",
      "myapp/__pycache__/a.pyc": "",
      ".venv/a": "",
    });
    await commit();
    await prepare(tree);
    expect(contents().filter((file) => /\.env|pycache|\.venv|\.git\//.test(file))).toEqual([]);
  });

  test("has the same modes wherever it is made", async () => {
    write({ "run.sh": "#!/bin/sh\n" });
    fs.chmodSync(path.join(tree, "run.sh"), 0o700);
    fs.chmodSync(path.join(tree, "requirements.txt"), 0o600);
    await prepare(tree);
    const status = (file: string) => fs.statSync(path.join(context, "tree", file));
    expect(status("run.sh").mode & 0o777).toBe(0o755);
    expect(status("requirements.txt").mode & 0o777).toBe(0o644);
  });

  test("has new times, without which BuildKit takes an edit that keeps a file's size for none", async () => {
    await prepare(tree);
    const file = path.join(context, "tree/requirements.txt");
    const before = fs.statSync(file, { bigint: true }).mtimeNs;
    write({ "requirements.txt": "starlet" });
    fs.utimesSync(path.join(tree, "requirements.txt"), 0, 0);
    await prepare(tree);
    expect(fs.statSync(file, { bigint: true }).mtimeNs).toBeGreaterThan(before);
  });

  test("follows what a list includes, and takes several lists together where none is called requirements.txt", async () => {
    write({
      "requirements.txt": undefined,
      "requirements-api.txt": "-r lists/base.txt\n",
      "lists/base.txt": "-c c.txt",
    });
    write({ "lists/c.txt": "fastapi<1\n", "requirements-db.txt": "asyncpg\n" });
    await prepare(tree);
    expect(read("dependencies/ralex.in")).toBe("-r requirements-api.txt\n-r requirements-db.txt\n");
    expect(contents().filter((file) => file.startsWith("dependencies/lists/"))).toEqual([
      "dependencies/lists/base.txt",
      "dependencies/lists/c.txt",
    ]);
  });

  test("takes pyproject.toml where there is no list", async () => {
    write({ "requirements.txt": undefined, "pyproject.toml": '[project]\nname = "x"\ndependencies = []\n' });
    await prepare(tree);
    expect(contents().filter((file) => file.startsWith("dependencies/"))).toEqual(["dependencies/pyproject.toml"]);
  });
});

describe("the context of a commit", () => {
  test("has that commit's files, not what was committed since, and needs the repository once", async () => {
    const first = await commit();
    write({ "myapp/__main__.py": "print('later')\n" });
    await commit();
    const url = `file://${tree}#${first}`;
    await expect(prepare(url)).resolves.toEqual({ folder: context, revision: url });
    expect(read("tree/myapp/__main__.py")).toBe("print('hello')\n");
    fs.rmSync(tree, { recursive: true });
    await prepare(url);
    expect(read("tree/myapp/__main__.py")).toBe("print('hello')\n");
  });

  test("is refused for a commit that the repository does not have, and for a tag's own id", async () => {
    await commit();
    await expect(prepare(`file://${tree}#${"0123456789".repeat(4)}`)).rejects.toThrow(/has no commit 0123456789/);
    await git("tag", "--annotate", "--message", "t", "v1");
    await expect(prepare(`file://${tree}#${await git("rev-parse", "v1")}`)).rejects.toThrow(/is no commit/);
  });

  test("is refused where there is no repository", async () => {
    await expect(prepare(`file://${folder}/nothing#${"0".repeat(40)}`)).rejects.toThrow(
      /nothing cannot be fetched: check the address/,
    );
  });
});

describe("a tree is refused, and the earlier context stays", () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ["without a list", { "requirements.txt": undefined }, "neither requirements*.txt nor pyproject.toml"],
    ["with a folder in its list", { "requirements.txt": "fastapi\n-e .\n" }, "requirements.txt, line 2 names a folder"],
    ["with a repository in its list", { "requirements.txt": "x @ git+https://h/x" }, "line 1 names a repository"],
    [
      "with a credential in its list",
      { "requirements.txt": "--index-url https://a:b@h/" },
      "line 1 holds a credential",
    ],
    ["with a list that is missing", { "requirements.txt": "-r base.txt" }, "includes base.txt, which does not exist"],
    ["with a list outside it", { "requirements.txt": "-r ../x.txt" }, "includes ../x.txt, which is outside the tree"],
    [
      "with dynamic dependencies",
      { "requirements.txt": undefined, "pyproject.toml": '[project]\ndynamic = ["dependencies"]\n' },
      "does not list its dependencies under [project]",
    ],
  ])("%s", async (_, files, message) => {
    await prepare(tree);
    const before = contents();
    write(files);
    await expect(prepare(tree)).rejects.toThrow(message);
    expect(contents()).toEqual(before);
    expect(fs.readdirSync(path.join(folder, ".ralex"))).toEqual(["source-context"]);
  });

  test("that is not there", async () => {
    await expect(prepare("nowhere")).rejects.toThrow(`there is no folder ${path.join(folder, "nowhere")}`);
  });

  test("without the bridge, where no other start command is set", async () => {
    await expect(prepare(tree, "python -m ralex_bridge")).rejects.toThrow("set ralex:sourceCommand");
    write({ "src/ralex_bridge/__main__.py": "" });
    await expect(prepare(tree, "python -m ralex_bridge")).resolves.toBeDefined();
  });
});
