/** Variables of an environment that are written as texts. */
import type { Value } from "../value";
import { Value as At } from "../value";
import type { Variable } from "./container";

/** `NAME=value`; a name alone takes its value from where the container is started. */
export function assignment(entry: Value): Variable {
  const { text } = entry;
  if (text === undefined) return { name: undefined, value: entry, isReference: false };
  const at = text.indexOf("=");
  if (at < 0) return { name: text, value: new At(undefined, entry.path), isReference: true };
  return { name: text.slice(0, at), value: new At(text.slice(at + 1), entry.path), isReference: false };
}

/** `${NAME}`, `${NAME:-default}` and `$NAME`, as Compose puts them in; `$$` is a plain dollar. */
const INTERPOLATION = /\$\$|\$\{(\w+)(?:(:?[-?+])([^}]*))?\}|\$(\w+)/g;

/** A value with what the file itself says: an interpolated variable is not in the file, its default is. */
export function interpolated(variable: Variable): Variable {
  const { text } = variable.value;
  if (text === undefined || !text.includes("$")) return variable;
  const literal = text.replace(INTERPOLATION, (whole, _name: string, operator?: string, word?: string) => {
    if (whole === "$$") return "$";
    return operator?.endsWith("-") === true ? (word ?? "") : "";
  });
  if (literal === text) return variable;
  const value = new At(literal, variable.value.path);
  return { ...variable, value, isReference: variable.isReference || literal === "" };
}
