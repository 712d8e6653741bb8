/** What to make of a build's result: the `exports` and `push` inputs as values of buildctl's --output. */
import { flag, object, objects, text, texts } from "../support/inputs";
import { OperationError } from "../support/plugin";
import type { Values } from "../support/wire";

/** A comma separates the fields of an option: what has one in it is quoted, as in CSV. */
export const csv = (fields: readonly string[]): string =>
  fields.map((field) => (/[",]/.test(field) ? `"${field.replace(/"/g, '""')}"` : field)).join(",");

export const attributes = (values: Values | undefined, names: Readonly<Record<string, string>>): string[] =>
  Object.entries(names).flatMap(([input, attribute]) => {
    const value = values?.[input];
    return value === undefined || value === null ? [] : [`${attribute}=${String(value)}`];
  });

export const COMPRESSION = {
  compression: "compression",
  compressionLevel: "compression-level",
  forceCompression: "force-compression",
  ociMediaTypes: "oci-mediatypes",
};

/** Attributes of a raw export that are passed on to BuildKit, and how their values look. */
const RAW: Readonly<Record<string, RegExp>> = {
  name: /./,
  push: /^(true|false)$/,
  "rewrite-timestamp": /^(true|false)$/,
  "oci-mediatypes": /^(true|false)$/,
  compression: /^(uncompressed|gzip|estargz|zstd)$/,
  "compression-level": /^\d+$/,
  "force-compression": /^(true|false)$/,
};

interface RawExport {
  readonly attributes: ReadonlyMap<string, string>;
  /** Why it is refused; empty when it is not. */
  readonly problems: readonly string[];
}

/** Reads `type=registry,name=…`, as the Docker CLI takes it. */
function parseRaw(raw: string): RawExport {
  const fields = [...raw.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replace(/""/g, '"') ?? plain ?? "",
  );
  const pairs = fields.map((field): [string, string] => {
    const at = field.indexOf("=");
    return at < 0 ? [field, ""] : [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1)];
  });
  const { type, ...given } = Object.fromEntries(pairs) as Readonly<Record<string, string>>;
  const problems: string[] = [];
  if (type !== "image" && type !== "registry") {
    problems.push(`type is ${type ?? "missing"}; this machine's stand-in implements type=image and type=registry`);
  }
  for (const [name, value] of Object.entries(given)) {
    const allowed = RAW[name];
    if (allowed === undefined) {
      problems.push(`${name} is not implemented by this machine's stand-in; it knows ${Object.keys(RAW).join(", ")}`);
    } else if (!allowed.test(value)) {
      problems.push(`${name} is "${value}"`);
    }
  }
  return {
    attributes: new Map(Object.entries({ ...(type === "registry" ? { push: "true" } : {}), ...given })),
    problems,
  };
}

/** What is wrong with the raw exports, by the index of the export. */
export function rawProblems(inputs: Values): readonly { property: string; reason: string }[] {
  const tags = texts(inputs, "tags") ?? [];
  return objects(inputs, "exports").flatMap((entry, index) => {
    const raw = text(entry, "raw");
    if (raw === undefined) return [];
    const { attributes: given, problems } = parseRaw(raw);
    const nameless = given.get("push") === "true" && !given.has("name") && tags.length === 0;
    return [...problems, ...(nameless ? ["a push needs a name here, or a tag to push to"] : [])].map((reason) => ({
      property: `exports[${index}].raw`,
      reason,
    }));
  });
}

/** Whether the result goes to a registry. */
export function isPushed(inputs: Values): boolean {
  if (flag(inputs, "push") === true) return true;
  return objects(inputs, "exports").some((entry) => {
    const [registry, image, raw] = [object(entry, "registry"), object(entry, "image"), text(entry, "raw")];
    if (flag(entry, "disabled") === true) return false;
    if (registry !== undefined) return flag(registry, "push") ?? true;
    if (image !== undefined) return flag(image, "push") ?? false;
    return raw !== undefined && parseRaw(raw).attributes.get("push") === "true";
  });
}

/** Values of --output. */
export function outputs(inputs: Values): string[] {
  const tags = texts(inputs, "tags") ?? [];
  const image = (values: Values, push: boolean) =>
    csv([
      "type=image",
      `name=${(texts(values, "names") ?? tags).join(",")}`,
      `push=${push}`,
      ...attributes(values, COMPRESSION),
    ]);
  const exports = objects(inputs, "exports").flatMap((entry): string[] => {
    if (flag(entry, "disabled") || object(entry, "cacheonly") !== undefined) return [];
    const raw = text(entry, "raw");
    if (raw !== undefined) {
      const given = new Map([["name", tags.join(",")], ...parseRaw(raw).attributes]);
      return [csv(["type=image", ...[...given].map(([name, value]) => `${name}=${value}`)])];
    }
    const [registry, local] = [object(entry, "registry"), object(entry, "image")];
    if (registry !== undefined) return [image(registry, flag(registry, "push") ?? true)];
    if (local !== undefined) return [image(local, flag(local, "push") ?? false)];
    for (const type of ["oci", "docker", "tar", "local"]) {
      const values = object(entry, type);
      if (values === undefined) continue;
      const dest = text(values, "dest");
      if (dest === undefined) throw new OperationError(`exports: ${type} needs dest, a path of this machine`);
      const names = type === "oci" || type === "docker" ? [`name=${(texts(values, "names") ?? tags).join(",")}`] : [];
      return [csv([`type=${type}`, ...names, `dest=${dest}`, ...attributes(values, COMPRESSION)])];
    }
    return [];
  });
  return flag(inputs, "push") ? [image({}, true), ...exports] : exports;
}
