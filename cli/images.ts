import * as fs from "node:fs";
import * as path from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import { COMMITTED_LOCK, ImageLock, readLock, type LockEntry } from "../components/image/lock";
import { OFFICIAL_IMAGES } from "../components/image/official-images";
import { Failure } from "./failure";
import { prepareMachine } from "./machine";
import { replaceFile } from "./replace-file";
import { openRegistry } from "./builder";

/** `./ralex images lock|check`: third-party images, from tags to digests and back to the registry. */
export function registerImages(program: Command, checkout: string): void {
  const images = program.command("images").description("keep the lock of third-party images");
  images
    .command("lock")
    .description(`resolve the tags of the official images to digests, into ${COMMITTED_LOCK}`)
    .argument("[names...]", `any of ${Object.keys(OFFICIAL_IMAGES).join(", ")}; all of them by default`)
    .action((names: string[]) => lockImages(checkout, names));
  images
    .command("check")
    .description("ask the registries for every digest of the lock that this checkout uses")
    .option("--json", "print JSON")
    .action(({ json }: { json?: true }) => checkImages(checkout, json === true));
}

async function lockImages(checkout: string, names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => OFFICIAL_IMAGES[name] === undefined);
  if (unknown.length > 0) {
    throw new Failure(`no image is called ${unknown.join(", ")}; there are ${Object.keys(OFFICIAL_IMAGES).join(", ")}`);
  }
  const registry = await openRegistry();
  const file = path.join(checkout, COMMITTED_LOCK);
  const present = fs.existsSync(file) ? ImageLock.read(file) : undefined;
  const entries: Record<string, LockEntry> = {};
  const problems: string[] = [];
  for (const [name, image] of Object.entries(OFFICIAL_IMAGES)) {
    const known = present?.has(name) === true ? present.entry(name) : undefined;
    if (names.length > 0 && !names.includes(name)) {
      if (known !== undefined) entries[name] = known;
      continue;
    }
    try {
      entries[name] = await registry.resolve(image);
      if (known?.digest !== entries[name].digest) console.log(`${name}: ${image.tag} is ${entries[name].digest}`);
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  // A half-resolved lock would mix states of different days.
  if (problems.length > 0) throw new Failure(`${COMMITTED_LOCK} was left as it is:\n  ${problems.join("\n  ")}`);
  replaceFile(file, `${JSON.stringify(entries, null, 2)}\n`);
}

async function checkImages(checkout: string, json: boolean): Promise<void> {
  const { workspace } = await prepareMachine(checkout, { images: true });
  const registry = await openRegistry();
  const lock = readLock(checkout, workspace.environment);
  const rows = await Promise.all(
    lock.names.map(async (name) => {
      const ref = lock.ref(name).toString();
      const state = await registry.platformsOf(ref).then(
        (found) => (found === undefined ? "gone" : "there"),
        (error: unknown) => `not checked: ${error instanceof Error ? error.message : String(error)}`,
      );
      return { name, ref, state };
    }),
  );
  if (json) console.log(JSON.stringify(rows, null, 2));
  else {
    const table = new Table({ head: ["image", "reference", "registry"], style: { head: [], border: [] } });
    for (const { name, ref, state } of rows) table.push([name, ref, state]);
    console.log(table.toString());
  }
  const missing = rows.filter(({ state }) => state !== "there");
  if (missing.length > 0) throw new Failure(`${missing.length} of ${rows.length} images are not confirmed`);
}
