/** Of which stacks a backup of the state is kept with each update. */
import * as fs from "node:fs";
import * as path from "node:path";
import { RELEASE_STACK } from "../components/image/releases";
import { committedFile, writtenSettings } from "./stack-config";

/**
 * Whether Pulumi keeps a copy of the state with every update, under `.pulumi/backups`. It does for what people rely on:
 * environments that releases are promoted to, their ledgers, and the releases themselves. Of a development stack and of
 * the working tree's images there is nothing to go back to, and the copies would only grow.
 * `PULUMI_DIY_BACKEND_RETAIN_CHECKPOINTS` is left to who wants it: it keeps a copy with every step, hundreds an update.
 */
export function keepsBackups(checkout: string, stack: string): boolean {
  if (stack === RELEASE_STACK) return true;
  if (!fs.existsSync(path.join(checkout, `Pulumi.${stack}.yaml`))) return false;
  const { promotesFrom } = writtenSettings(committedFile(checkout, stack));
  return promotesFrom !== undefined && promotesFrom !== "";
}
