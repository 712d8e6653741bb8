import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Processes } from "./processes";

/** Runs `work` with a folder of its own and what it starts there; afterwards neither is left. */
export async function withScratch<T>(work: (folder: string, processes: Processes) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-bench-"));
  const processes = new Processes(folder);
  try {
    return await work(folder, processes);
  } finally {
    await processes.end();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
