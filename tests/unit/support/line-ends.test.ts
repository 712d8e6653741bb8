import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

const CHECKOUT = path.resolve(__dirname, "../../..");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-line-ends-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const git = async (cwd: string, ...args: readonly string[]): Promise<string> =>
  (await execa("git", [...args], { cwd, env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" } })).stdout;

/** Every file of the checkout as it is now, committed or not, in a repository of its own. */
async function repository(): Promise<string> {
  const listed = await git(CHECKOUT, "ls-files", "-z", "--cached", "--others", "--exclude-standard");
  const origin = path.join(folder, "origin");
  for (const name of listed.split("\0").filter((one) => one !== "" && fs.existsSync(path.join(CHECKOUT, one)))) {
    fs.mkdirSync(path.dirname(path.join(origin, name)), { recursive: true });
    fs.copyFileSync(path.join(CHECKOUT, name), path.join(origin, name));
  }
  fs.writeFileSync(path.join(origin, "picture.png"), Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  await git(origin, "init", "--quiet");
  await git(origin, "-c", "core.autocrlf=false", "add", "--all");
  const author = ["-c", "user.name=test", "-c", "user.email=test@ralex.example"];
  await git(origin, ...author, "commit", "--quiet", "--message", "all");
  return origin;
}

async function withCarriageReturns(origin: string, name: string, ...options: readonly string[]): Promise<string[]> {
  const clone = path.join(folder, name);
  await git(folder, "clone", "--quiet", ...options, origin, clone);
  const files = (await git(clone, "ls-files", "-z")).split("\0").filter((one) => one !== "");
  // What is compressed has any byte.
  const plain = files.filter((file) => !file.endsWith(".gz"));
  return plain.filter((file) => fs.readFileSync(path.join(clone, file)).includes("\r"));
}

test("no file has a carriage return in a clone whose git converts line ends, and nothing binary is touched", async () => {
  const origin = await repository();
  const converting = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"];
  expect(await withCarriageReturns(origin, "plain")).toEqual(["picture.png"]);
  expect(await withCarriageReturns(origin, "converting", ...converting)).toEqual(["picture.png"]);
  expect(fs.readFileSync(path.join(folder, "converting/picture.png"), "latin1")).toBe("\x89PNG\r\n\x1a\n");
  const script = fs.readFileSync(path.join(folder, "converting/ralex"), "utf8");
  expect(script.split("\n")[0]).toBe("#!/bin/sh");
}, 60_000);
