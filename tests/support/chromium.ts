import * as fs from "node:fs";
import type { Browser } from "playwright-core";
import { aptInstall } from "../../toolchain/apt";

/** Debian's Chromium, or the one that `RALEX_TEST_CHROMIUM` names. */
const chromiumPath = (): string => process.env.RALEX_TEST_CHROMIUM ?? "/usr/bin/chromium";

export async function launchBrowser(): Promise<Browser> {
  // Every command loads this file, and only tests launch one.
  const { chromium } = await import("playwright-core");
  return chromium.launch({
    executablePath: chromiumPath(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
}

/** @throws Error that says what is missing. */
export async function installChromium(): Promise<void> {
  if (!fs.existsSync(chromiumPath())) await aptInstall(["chromium"]);
}
