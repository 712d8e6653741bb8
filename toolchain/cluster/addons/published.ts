/** Manifests as others publish them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../system/manifest";

/** As kubectl reads them: 0644 is a number of base 8. */
export const manifestsOf = (text: string): readonly Manifest[] =>
  parseAllDocuments(text, { version: "1.1" })
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);

export const manifestsIn = (folder: string): readonly Manifest[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) => manifestsOf(fs.readFileSync(path.join(folder, name), "utf8")));
