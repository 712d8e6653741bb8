/** The writer of services' files, as the update runs it. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

const WRITER = path.resolve(__dirname, "../../../components/docker/write-files.mjs");
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

let root: string;
beforeEach(() => (root = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-files-"))));
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const write = (folder: string, content: string) =>
  execa("node", [WRITER, "write", path.join(root, folder)], {
    input: JSON.stringify([{ name: "0-key", mode: 0o400, uid, gid, content }]),
  });
const remove = (folder: string) => execa("node", [WRITER, "remove", path.join(root, folder)]);

test("files are written with their mode, in a folder that admits nobody else, and removed without a trace", async () => {
  await write("a", "secret");
  expect(fs.statSync(path.join(root, "a")).mode & 0o777).toBe(0o700);
  expect(fs.statSync(path.join(root, "a/0-key")).mode & 0o777).toBe(0o400);
  expect(fs.readFileSync(path.join(root, "a/0-key"), "utf8")).toBe("secret");
  await remove("a");
  expect(fs.readdirSync(root)).toEqual([]);
});

test("a change that failed and its reversal leave the files, though the first writer is removed last", async () => {
  await write("a", "first");
  await write("b", "second");
  // The update failed here, with the removal of the first still to do.
  await write("a", "first");
  await remove("a");
  expect(fs.readFileSync(path.join(root, "a/0-key"), "utf8")).toBe("first");
  await remove("b");
  await remove("a");
  expect(fs.readdirSync(root)).toEqual([]);
});

test("a failure says why, marked as no secret, and repeats nothing of what it was given", async () => {
  const failed = (input: string, folder: string) => execa("node", [WRITER, "write", folder], { input, reject: false });
  const canary = JSON.stringify([{ name: "0-key", mode: 0o400, uid, gid, content: "CANARY" }]);
  fs.writeFileSync(path.join(root, "file"), "");
  const noFolder = await failed(canary, path.join(root, "file/a"));
  expect(noFolder).toMatchObject({ exitCode: 1, stdout: "" });
  expect(noFolder.stderr).toMatch(/^not secret: \w+ of .*file\/a.* failed: ENOTDIR$/);
  const noJson = await failed("CANARY", path.join(root, "b"));
  expect(noJson).toMatchObject({ exitCode: 1, stdout: "" });
  expect(noJson.stderr).toMatch(/^not secret: the files of a container could not be written/);
  expect(noFolder.stderr + noJson.stderr).not.toContain("CANARY");
});

// As a user who is not root meets it, whoever runs the tests.
const NO_CHOWN = `import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
fs.chownSync = () => {
  throw Object.assign(new Error("EPERM: operation not permitted, chown"), { code: "EPERM", syscall: "chown" });
};
syncBuiltinESMExports();`;

test("a file that cannot be given to the container's user is told with what to do, and nothing stays", async () => {
  const preload = ["--import", `data:text/javascript,${encodeURIComponent(NO_CHOWN)}`];
  const { exitCode, stderr } = await execa("node", [...preload, WRITER, "write", path.join(root, "a")], {
    input: JSON.stringify([{ name: "0-key", mode: 0o400, uid, gid, content: "CANARY" }]),
    reject: false,
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^not secret: .* which takes root: run this as root$/);
  expect(fs.readdirSync(root)).toEqual([]);
});
