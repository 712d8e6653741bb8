import * as fs from "node:fs";
import { aptInstall } from "../../toolchain/apt";

/** Debian's Chromium, or the one that `RALEX_TEST_CHROMIUM` names. */
export const chromiumPath = (): string => process.env.RALEX_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** @throws Error that says what is missing. */
export async function installChromium(): Promise<void> {
  if (!fs.existsSync(chromiumPath())) await aptInstall(["chromium"]);
}
