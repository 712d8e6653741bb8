/** Writes the build contexts of a commit into a folder, the same on every machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { COMMIT_FILE, type ExportedCommit } from "../../components/image/exported-commit";
import { Failure } from "../failure";
import { CONTEXTS } from "./commit";

/** Relative to the checkout. The same place for every commit: its path is an input of the images. */
export const EXPORT_FOLDER = ".ralex/release/context";

/**
 * Exports `images/ralex-api` and `images/probe` of a commit, and what is known of it, in place of an earlier export.
 *
 * Modes are 644 and 755 whatever the umask is: the official provider's hash of a context has them in it. Line ends are
 * those of the commit. Times are new on purpose: BuildKit takes a file of the same size and time for unchanged.
 * @returns the absolute folder
 */
export async function exportCommit(checkout: string, commit: ExportedCommit): Promise<string> {
  const folder = path.join(checkout, EXPORT_FOLDER);
  const partial = `${folder}.new-${process.pid}`;
  fs.rmSync(partial, { recursive: true, force: true });
  try {
    makeFolder(partial);
    await unpackArchive(checkout, commit.revision, partial);
    write(path.join(partial, COMMIT_FILE), `${JSON.stringify(commit, null, 2)}\n`, 0o644);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(partial, folder);
    return folder;
  } finally {
    fs.rmSync(partial, { recursive: true, force: true });
  }
}

async function unpackArchive(checkout: string, revision: string, folder: string): Promise<void> {
  const asCommitted = ["-c", "core.autocrlf=false", "-c", "core.eol=lf"];
  const paths = CONTEXTS.map((context) => `images/${context}`);
  const archive = spawn("git", ["-C", checkout, ...asCommitted, "archive", "--format=tar", revision, "--", ...paths], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  archive.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const ended = once(archive, "close") as Promise<[number | null]>;
  const unpack = extract();
  unpack.on("entry", (header, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk) => void chunks.push(chunk as Buffer));
    stream.on("error", next);
    stream.on("end", () => {
      place(folder, header, Buffer.concat(chunks));
      next();
    });
  });
  await pipeline(archive.stdout, unpack);
  const [code] = await ended;
  if (code !== 0) throw new Failure(`git archive ${revision} failed: ${said.trim()}`);
}

function place(folder: string, { name, type, mode, linkname }: Header, content: Buffer): void {
  const file = path.join(folder, name);
  makeFolder(path.dirname(file));
  if (type === "directory") makeFolder(file);
  else if (type === "symlink") fs.symlinkSync(linkname ?? "", file);
  else if (type === "file") write(file, content, ((mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755);
}

function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o755);
}

function write(file: string, content: string | Buffer, mode: number): void {
  fs.writeFileSync(file, content);
  // Not as an option of the write: that one is subject to the umask.
  fs.chmodSync(file, mode);
}
