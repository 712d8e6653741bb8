// Writes the files of one service into a folder of their own, from a JSON list on standard input:
// [{ name, mode, uid, gid, content }]. Contents never stand on a command line or in an environment.
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const files = JSON.parse(readFileSync(0, "utf8"));
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
  if (error.code !== "EPERM") throw error;
  console.error(
    "files for a container must belong to the container's user, which takes root on this machine: run as root",
  );
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
renameSync(partial, folder);
