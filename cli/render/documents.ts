/** Rendered objects as documents of YAML: one stream, or a folder with a file for each. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { Failure } from "../failure";

/** What the names of files are made from. */
interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** As parsers of YAML 1.1 read it too, which kubectl and Helm have; nothing is folded or repeated by reference. */
export const document = (value: unknown): string =>
  yaml.stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false, blockQuote: "literal" });

/** Every object, in order. */
export const documentStream = (objects: readonly unknown[]): string => objects.map(document).join("---\n");

const RENDERED = /^\d{3}-[a-z0-9.-]+\.yaml$/;

/**
 * Writes a file for each object, numbered in the order in which they are to be applied; files of an earlier run go.
 * @throws Failure where the folder has other files.
 */
export function writeDocuments(folder: string, objects: readonly Named[]): void {
  fs.mkdirSync(folder, { recursive: true });
  const present = fs.readdirSync(folder);
  const foreign = present.filter((name) => !RENDERED.test(name));
  if (foreign.length > 0) {
    throw new Failure(`${folder} has files that were not rendered (${foreign.join(", ")}): choose an empty folder`);
  }
  for (const name of present) fs.rmSync(path.join(folder, name));
  for (const [index, object] of objects.entries()) {
    const name = `${String(index).padStart(3, "0")}-${object.kind.toLowerCase()}-${object.metadata.name}.yaml`;
    fs.writeFileSync(path.join(folder, name), document(object));
  }
}
