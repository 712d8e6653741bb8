/** What an update starts from: the state of a stack, as far as a plan depends on it. A plan of Pulumi's does not say. */
import * as crypto from "node:crypto";
import { canonicalize } from "json-canonicalize";
import type { Recorded } from "../backend/checkpoint";
import { replaceSecrets } from "../backend/secrets";

/** By URN, `sha256:` of the ids and inputs that the state has under it: several while a replaced one waits to go. */
export type StateFingerprint = Readonly<Record<string, string>>;

export type FingerprintedResource = Pick<Recorded, "urn" | "id"> & { readonly inputs?: unknown };

/**
 * The fingerprint of a state. Two states have the same one where each resource is the same real thing with the same
 * inputs, in whatever order they are written. A secret counts as such and not by its ciphertext, which is another one
 * each time that it is encrypted: a secret input that changed is seen by the plan itself, which holds the new one.
 */
export function stateFingerprint(resources: readonly FingerprintedResource[]): StateFingerprint {
  const found = new Map<string, string[]>();
  for (const { urn, id, inputs } of resources) {
    const text = canonicalize({ id: id ?? null, inputs: replaceSecrets(inputs ?? {}, "a secret") });
    found.set(urn, [...(found.get(urn) ?? []), text]);
  }
  return Object.fromEntries([...found].map(([urn, texts]) => [urn, sha256(canonicalize([...texts].sort()))]));
}

/** How a state differs from an earlier one: a sentence a resource, by the order of their names. */
export function stateDifferences(before: StateFingerprint, now: StateFingerprint): readonly string[] {
  const urns = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return urns
    .filter((urn) => before[urn] !== now[urn])
    .map((urn) => `${nameOf(urn)} ${verb(before[urn], now[urn])}`)
    .sort();
}

const verb = (before: string | undefined, now: string | undefined): string =>
  before === undefined ? "was added" : now === undefined ? "was removed" : "was changed";

/** `ralex-api-0 (docker:index/container:Container)`. */
function nameOf(urn: string): string {
  const [, , type = "", name = urn] = urn.split("::");
  return `${name} (${type.split("$").at(-1)})`;
}

export const sha256 = (text: string): string => `sha256:${crypto.createHash("sha256").update(text).digest("hex")}`;
