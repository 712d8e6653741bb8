/** A rule of several kinds of resources: one check for each type. */
import {
  canonicalType,
  finding,
  propertiesOf,
  type Context,
  type Finding,
  type Resource,
  type ResourceRule,
} from "./rule";
import type { Value } from "./value";

export type TypeCheck = (resource: Resource, properties: Value, context: Context) => readonly Finding[];

/** A check that needs to know nothing of the environment. */
export type PlainCheck = (resource: Resource, properties: Value) => readonly Finding[];

/** The types and the check of a rule that looks at each type in a way of its own. */
export const byType = (checks: Readonly<Record<string, TypeCheck>>): Pick<ResourceRule, "types" | "check"> => ({
  types: Object.keys(checks),
  check: (resource, context) => checks[canonicalType(resource.type)]?.(resource, propertiesOf(resource), context) ?? [],
});

/** The same check for several types that have the same properties. */
export const each = (types: readonly string[], check: TypeCheck): Readonly<Record<string, TypeCheck>> =>
  Object.fromEntries(types.map((type) => [type, check]));

/** Whether a value is something, an unknown or unreadable one included: that it is set is all that is asked. */
export const isSet = (value: Value): boolean => !(value.isAbsent || value.raw === "" || isEmptyList(value));

const isEmptyList = ({ raw }: Value): boolean => Array.isArray(raw) && raw.length === 0;

/** A finding where a value is not set; an unknown one is, to whatever it will be. */
export const required = (resource: Resource, value: Value, message: string): readonly Finding[] =>
  isSet(value) ? [] : [finding(resource, value, message)];
