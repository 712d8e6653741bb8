/** AWS's policy documents, which are a text of JSON or an object of the SDK. */
import type { Value } from "./value";

/** The statements of a document, one or several; undefined where it is unreadable. */
export function statementsOf(document: Value): readonly Value[] | undefined {
  const statements = document.json().get("Statement");
  if (statements.isUnknown || Array.isArray(statements.raw)) return statements.items();
  return statements.isAbsent ? undefined : [statements];
}

/** Values of a field that may be one text or a list of them. */
export const oneOrMore = (field: Value): readonly Value[] =>
  field.isUnknown || Array.isArray(field.raw) ? field.items() : field.isAbsent ? [] : [field];

/** Whether a statement allows something. */
export const allows = (statement: Value): boolean => statement.get("Effect").text === "Allow";
