/**
 * Writes `description.json`: the operations of GitHub's API that are used here, with the schemas that they name, out of
 * GitHub's own description, without its prose. The package has every edition of GitHub and 385 MB, so it is no dependency:
 *
 *     npm pack @octokit/openapi@23.0.2 && tar -xzf octokit-openapi-23.0.2.tgz
 *     node --require ./toolchain/typescript.js tests/support/github/describe.ts package
 */
import * as fs from "node:fs";
import * as path from "node:path";

type Json = unknown;
type Fields = Record<string, Json>;

const OPERATIONS = [
  ["/user", "get"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "get"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "post"],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", "patch"],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", "delete"],
] as const;

/** What is written for people, and what only other readers of a description want. */
const PROSE: ReadonlySet<string> = new Set([
  "description",
  "summary",
  "example",
  "examples",
  "externalDocs",
  "headers",
]);

const isFields = (value: Json): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param isNames - whether the keys are names of somebody else's: a property may be called `description`. */
function stripped(value: Json, isNames = false): Json {
  if (Array.isArray(value)) return value.map((item) => stripped(item));
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([key]) => isNames || !(PROSE.has(key) || key.startsWith("x-")));
  return Object.fromEntries(kept.map(([key, item]) => [key, stripped(item, key === "properties")]));
}

function at(root: Json, reference: string): Json {
  return reference
    .replace(/^#\//, "")
    .split("/")
    .reduce((here, step) => (isFields(here) ? here[step] : undefined), root);
}

function referencesIn(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === "$ref" && typeof item === "string" ? [item] : referencesIn(item),
  );
}

function put(root: Fields, reference: string, value: Json): void {
  const steps = reference.replace(/^#\//, "").split("/");
  const last = steps.pop() ?? "";
  const place = steps.reduce((here, step) => (here[step] ??= {}) as Fields, root);
  place[last] = value;
}

const folder = process.argv[2] ?? "package";
const whole = JSON.parse(fs.readFileSync(path.join(folder, "generated/api.github.com.json"), "utf8")) as Fields;
const { version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string };
const paths: Record<string, Fields> = {};
for (const [name, method] of OPERATIONS) {
  const operation = (whole.paths as Record<string, Fields>)[name]?.[method];
  if (!isFields(operation)) throw new Error(`the description has no ${method} ${name}`);
  const { parameters, requestBody, responses } = stripped(operation) as Fields;
  (paths[name] ??= {})[method] = { parameters, requestBody, responses };
}
const subset: Fields = { source: `@octokit/openapi ${version}, api.github.com`, paths };
for (const wanted = [...referencesIn(paths)], seen = new Set<string>(); wanted.length > 0;) {
  const reference = wanted.pop() ?? "";
  if (seen.has(reference)) continue;
  seen.add(reference);
  const value = stripped(at(whole, reference));
  put(subset, reference, value);
  wanted.push(...referencesIn(value));
}
fs.writeFileSync(path.join(__dirname, "description.json"), `${JSON.stringify(subset, null, 1)}\n`);
