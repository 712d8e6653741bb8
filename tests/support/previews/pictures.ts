/**
 * Pictures of the gallery as GitHub would show it, near enough to be looked at, into a folder:
 * `node --require ./toolchain/typescript.js tests/support/previews/pictures.ts <folder> [--unfolded]`. It needs Chromium.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { launchBrowser } from "../chromium";
import { galleryComment, GALLERY } from "./gallery";
import { shownPage } from "./shown";

async function main(): Promise<void> {
  const [folder = "pictures", option] = process.argv.slice(2);
  fs.mkdirSync(folder, { recursive: true });
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 960, height: 720 } });
  for (const entry of GALLERY) {
    await page.setContent(shownPage(galleryComment(entry), option === "--unfolded"));
    const file = path.join(folder, `${entry.name}.png`);
    const height = await page.evaluate("document.documentElement.scrollHeight");
    // Nothing below this is looked at in a picture.
    await page.setViewportSize({ width: 960, height: Math.min(Number(height), 2400) });
    await page.screenshot({ path: file });
    console.log(`${file} ${String(height)} px`);
  }
  await browser.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
