/** Where images are pulled from instead of their own registries. The digest never changes. */
import { itemsOf } from "./list";

/** Docker's registry as references in full name it; a short name is of it. */
export const DEFAULT_REGISTRY = "docker.io";

const PATH = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const HOST = "[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?";
const PREFIX = new RegExp(`^${HOST}(?:/${PATH})*$`);
const REGISTRY = new RegExp(`^${HOST}$`);

/** Prefixes of mirrors by the registry that they mirror; under "" for every other one. */
export type Mirrors = Readonly<Record<string, string>>;

function parsePart(part: string): { readonly registry: string; readonly prefix: string } {
  const equals = part.indexOf("=");
  return equals < 0
    ? { registry: "", prefix: part }
    : { registry: part.slice(0, equals).trim(), prefix: part.slice(equals + 1).trim() };
}

/** What is wrong with the setting, a sentence each; empty when it can be read. */
export function mirrorProblems(value: string): readonly string[] {
  const parts = itemsOf(value).map(parsePart);
  if (parts.length === 0) return ["is empty: write host/path, or registry=host/path with commas between"];
  const names = parts.map(({ registry }) => registry);
  return [
    ...parts
      .filter(({ prefix }) => !PREFIX.test(prefix))
      .map(({ prefix }) => `"${prefix}" is no place of a registry: write host/path in lower case, without https://`),
    ...names
      .filter((registry) => registry !== "" && !REGISTRY.test(registry))
      .map((registry) => `"${registry}" is no registry: write its host, docker.io or ghcr.io for instance`),
    ...[...new Set(names.filter((registry, index) => names.indexOf(registry) !== index))].map(
      (registry) => `${registry === "" ? "every registry" : registry} has two mirrors: name one`,
    ),
  ];
}

/** The setting as it is used. It has no {@link mirrorProblems}. */
export const parseMirrors = (value: string): Mirrors =>
  Object.fromEntries(itemsOf(value).map((part) => Object.values(parsePart(part)) as [string, string]));
