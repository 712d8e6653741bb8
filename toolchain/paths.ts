/** Where things that outlive a checkout are kept. */
import * as os from "node:os";
import * as path from "node:path";

/** Root of the caches; `RALEX_CACHE_DIR` overrides `~/.cache/ralex`. */
export function cacheRoot(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment.RALEX_CACHE_DIR;
  return chosen === undefined || chosen === "" ? path.join(os.homedir(), ".cache", "ralex") : path.resolve(chosen);
}

/** Sockets, pid files, logs and configuration of the daemons that were started here; gone after a reboot. */
export const RUN_FOLDER = "/run/ralex";
