/** The rules as people choose and look them up. */
import type { Rule } from "./rule";

export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly severity: Rule["severity"];
  readonly development: string;
  readonly promoted: string;
  readonly onUnknown: Rule["onUnknown"];
  readonly scope: Rule["scope"];
  readonly reason: Rule["reason"];
  readonly fix: string;
  readonly types: readonly string[];
}

export const catalogueOf = (rules: readonly Rule[]): readonly CatalogueEntry[] =>
  rules.map(({ id, name, title, severity, level, onUnknown, scope, reason, fix, types }) => ({
    ...{ id, name, title, severity, ...level, onUnknown, scope, reason, fix, types },
  }));
