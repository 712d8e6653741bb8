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
