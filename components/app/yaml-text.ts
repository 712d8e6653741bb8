/** YAML from data: what only the target knows of it, an address for instance, stays a reference. */
import { Scalar, stringify, visit, Document } from "yaml";
import type { Ref, Text } from "./model";
import { eachAddress, join } from "./text";

/** Data whose texts may refer to services. {@link addresses} stands for several items of a list. */
export type Yaml = Text | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

/** In a list: one item for each address that the target gives a service. */
export const addresses = (service: string, port: string): Ref => eachAddress(service, port, "", "");

/** Stands for a reference while the text is made; no data have it. */
const MARK = /(\0\d+\0)/;

/** The text of a document. @throws Error for {@link addresses} that are no item of a list. */
export function yamlText(data: Yaml): Text {
  const refs: Ref[] = [];
  const mark = (ref: Ref): string => `\0${refs.push(ref) - 1}\0`;
  const document = new Document(plain(data, mark));
  // Whatever an address reads like, it is a text.
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && MARK.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // Escaped, a mark would not be found again.
  const text = stringify(document, { lineWidth: 0 }).replace(/\\0(\d+)\\0/g, "\0$1\0");
  return join(...text.split(/((?:^ *- "\0\d+\0"\n)|\0\d+\0)/m).map((part) => filled(part, refs)));
}

function plain(data: Yaml, mark: (ref: Ref) => string): unknown {
  if (typeof data !== "object") return data;
  if (Array.isArray(data)) return data.map((item) => plain(item as Yaml, mark));
  if ("ref" in data) return mark(data as Ref);
  if ("join" in data) return (data as { join: readonly Text[] }).join.map((part) => plain(part, mark)).join("");
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, plain(value, mark)]));
}

function filled(part: string, refs: readonly Ref[]): Text {
  const number = /\0(\d+)\0/.exec(part)?.[1];
  const ref = number === undefined ? undefined : refs[Number(number)];
  if (ref === undefined) return part;
  const item = /^( *- ")\0\d+\0("\n)$/.exec(part);
  if (ref.ref !== "eachAddress") return item === null ? ref : join(item[1] ?? "", ref, item[2] ?? "");
  if (item === null) throw new Error(`addresses of ${ref.service} are items of a list, and stand elsewhere`);
  return eachAddress(ref.service, ref.port, item[1] ?? "", item[2] ?? "", ref.except);
}
