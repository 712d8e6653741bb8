/**
 * Files that are composed where they are read, from secrets that somebody else keeps. A description says what each is made
 * of, and a program puts the values in; so nothing that is composed, such as a database's URL, is stored anywhere.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { FILES_FOLDER, type FileMount, type Ref, type SecretForm, type Service, type Text } from "../app/model";
import { mentionsSecret, refsOf } from "../app/text";

/** Name of the program; its own text says how it is called. */
export const PROGRAM = "compose.py";
/** What the program reads in its folder of sources, beside `plain/` and `secret/`. */
export const DESCRIPTION = "files.json";

/** Image of every release whose Python runs the program. */
export const COMPOSING_IMAGE = "probe";

/** Text of the program {@link PROGRAM}. */
export const composerText = (): string => fs.readFileSync(path.join(__dirname, "composer", PROGRAM), "utf8");

/** Whether a file is made from a secret, public certificates included. */
export const isComposed = ({ content }: FileMount): boolean => mentionsSecret(content);
export const isCopied = (file: FileMount): boolean => !isComposed(file);

/** Whether a service has files that are made from secrets. */
export const composes = ({ files }: Service): boolean => files.some(isComposed);

/** Names of the secrets that a service's files are made from, sorted: it is given no others. */
export const secretsOf = ({ files }: Service): readonly string[] =>
  [
    ...new Set(
      files.flatMap(({ content }) => refsOf(content)).flatMap((ref) => (ref.ref === "secret" ? ref.secret : [])),
    ),
  ].sort();

/** Path below the folder of a service's files. */
export const relativePath = ({ path: file }: FileMount): string => path.posix.relative(FILES_FOLDER, file);

/**
 * What the program has to write for a service, as its own JSON. There is no secret in it.
 * @param holder - what holds the secrets, for what is said of it.
 * @param modes - permission bits of files that are secret, and of those that are not.
 * @param plain - text without a secret as it reads on the platform.
 */
export function describeFiles(
  { files }: Service,
  holder: string,
  modes: { readonly secret: number; readonly plain: number },
  plain: (value: Text) => string,
): string {
  const description = {
    secret: holder,
    plain: files.filter(isCopied).map(relativePath),
    composed: files.filter(isComposed).map((file) => ({
      path: relativePath(file),
      mode: (file.secret ? modes.secret : modes.plain).toString(8).padStart(4, "0"),
      parts: partsOf(file.content, plain),
    })),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

type Part = string | { readonly secret: string; readonly form: SecretForm };

function partsOf(value: Text, plain: (value: Text) => string): readonly Part[] {
  if (!mentionsSecret(value)) return [plain(value)];
  if (typeof value === "object" && "join" in value) {
    return value.join.flatMap((part) => partsOf(part, plain)).reduce(merged, []);
  }
  const { secret, form } = value as Extract<Ref, { readonly ref: "secret" }>;
  return [{ secret, form }];
}

/** Neighbouring literals as one. */
function merged(parts: readonly Part[], next: Part): readonly Part[] {
  const last = parts.at(-1);
  if (next === "") return parts;
  if (typeof last !== "string" || typeof next !== "string") return [...parts, next];
  return [...parts.slice(0, -1), last + next];
}
