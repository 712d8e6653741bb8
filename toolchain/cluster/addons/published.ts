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

/**
 * A manifest with images of ours, which nodes that have them do not ask for again. Descriptions of kinds have properties of
 * these names too, whose values are no texts.
 * @param imageOf - by the published reference.
 */
export const withImages = (manifest: Manifest, imageOf: (published: string) => string): Manifest =>
  JSON.parse(JSON.stringify(manifest), (key, value: unknown) => {
    if (typeof value !== "string") return value;
    if (key === "image") return imageOf(value);
    return key === "imagePullPolicy" ? "IfNotPresent" : value;
  }) as Manifest;
