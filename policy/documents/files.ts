/** Plain Kubernetes manifests and Compose files, as the resources that rules judge. */
import * as path from "node:path";
import * as yaml from "yaml";
import type { Resource } from "../rule";
import { isObject } from "../value";

/** The text is no document that can be judged; the message says where and why. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
}

export interface ReadFile {
  readonly resources: readonly Resource[];
  /** Documents that are neither, a sentence each. */
  readonly skipped: readonly string[];
}

/** Aliases that one document may follow: more of them is a text that was made to fill the memory. */
const MOST_ALIASES = 1000;

/**
 * @param file - as it is to be named; its folder is left out of names.
 * @throws DocumentError with every problem and its line.
 */
export function readDocuments(text: string, file: string): ReadFile {
  const name = path.basename(file);
  const lines = new yaml.LineCounter();
  const documents = yaml.parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const list = Array.isArray(documents) ? documents : [];
  const problems = list.flatMap(({ errors }) =>
    errors.map(({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`),
  );
  if (problems.length > 0) throw new DocumentError(`${file} is not YAML:\n  ${problems.join("\n  ")}`);
  const read = list.map((document, index) => inDocument(valueOf(document, file, lines), name, index, list.length));
  if (read.length === 0) throw new DocumentError(`${file} is empty: name a Kubernetes manifest or a Compose file`);
  return { resources: read.flatMap(({ resources }) => resources), skipped: read.flatMap(({ skipped }) => skipped) };
}

function valueOf(document: yaml.Document.Parsed, file: string, lines: yaml.LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    const { line } = lines.linePos(document.range[0]);
    throw new DocumentError(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function inDocument(value: unknown, file: string, index: number, count: number): ReadFile {
  const none = { resources: [], skipped: [] };
  // What stands between two separators, or before the first.
  if (value === null || value === undefined) return none;
  if (isObject(value) && typeof value.kind === "string" && typeof value.apiVersion === "string") {
    return { ...none, resources: manifest(value, file) };
  }
  if (isObject(value) && isObject(value.services)) return { ...none, resources: compose(value.services, file) };
  const which = count === 1 ? file : `${file}, document ${index + 1}`;
  return {
    ...none,
    skipped: [`${which}: neither a Kubernetes object (apiVersion and kind) nor a Compose file (services)`],
  };
}

/** A list is its items. */
function manifest(value: Readonly<Record<string, unknown>>, file: string): readonly Resource[] {
  const { apiVersion, kind, metadata, items } = value;
  if (kind === "List" && Array.isArray(items)) {
    return items.filter(isObject).flatMap((item: Readonly<Record<string, unknown>>) => manifest(item, file));
  }
  const group = String(apiVersion);
  const name = isObject(metadata) && typeof metadata.name === "string" ? metadata.name : "unnamed";
  return [
    {
      type: `kubernetes:${group.includes("/") ? group : `core/${group}`}:${String(kind)}`,
      name,
      urn: `${file}#${String(kind)}/${name}`,
      properties: value,
      options: {},
    },
  ];
}

const compose = (services: Readonly<Record<string, unknown>>, file: string): readonly Resource[] =>
  Object.entries(services)
    .filter((entry): entry is [string, Readonly<Record<string, unknown>>] => isObject(entry[1]))
    .map(([name, properties]) => ({
      type: "compose:index:Service",
      name,
      urn: `${file}#services.${name}`,
      properties,
      options: {},
    }));
