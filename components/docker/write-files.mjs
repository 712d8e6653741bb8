// The files of one service, in a folder of their own on the engine's host.
//   node write-files.mjs write FOLDER    from a JSON list on standard input, [{ name, mode, uid, gid, content }]:
//                                        contents never stand on a command line or in an environment
//   node write-files.mjs remove FOLDER
// A folder is named by its content, so a change and its reversal meet in one folder: an update that fails in between
// leaves the first writer to be removed after the second has written. So writers are counted, and the last one removes.
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , action, folder] = process.argv;
const counter = `${folder}.writers`;

function writers() {
  try {
    return Number(readFileSync(counter, "utf8"));
  } catch {
    return 0;
  }
}

function count(number) {
  if (number > 0) writeFileSync(counter, String(number), { mode: 0o600 });
  else rmSync(counter, { force: true });
}

function write(files) {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  // The folder admits nobody; the engine mounts the files one by one.
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  try {
    for (const { name, mode, uid, gid, content } of files) {
      const file = join(partial, name);
      writeFileSync(file, content, { mode: 0o600 });
      chownSync(file, uid, gid);
      chmodSync(file, mode);
    }
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

/** Why it failed, of the system's errors alone: theirs hold a path and no content, and others may quote the input. */
function reason({ code, syscall, path }) {
  if (code === "EPERM" && syscall === "chown") {
    return "a container's files have to belong to the container's own user, which takes root: run this as root";
  }
  if (typeof syscall === "string") return `${syscall} of ${path ?? folder} failed: ${code}`;
  return "the files of a container could not be written: what was given is not what is expected";
}

try {
  if (action === "remove") {
    const left = writers() - 1;
    if (left <= 0) rmSync(folder, { recursive: true, force: true });
    count(left);
  } else {
    write(JSON.parse(readFileSync(0, "utf8")));
    count(writers() + 1);
  }
} catch (error) {
  // The mark tells Pulumi's plugin that the line may be shown, although the input is secret.
  console.error(`not secret: ${reason(error)}`);
  process.exitCode = 1;
}
