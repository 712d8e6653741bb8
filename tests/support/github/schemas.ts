/** Judges requests and answers by GitHub's description of its API, in `description.json`. */
import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import description from "./description.json";

type Fields = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: { readonly type?: string };
}

interface Operation {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: unknown } } };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Fields }>>;
}

/** A call that the description has. */
export interface Described {
  readonly path: Readonly<Record<string, string>>;
  /** `<method> <path with its parameters' names>`. */
  readonly name: string;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== "nullable" && key !== "discriminator");
  const converted = Object.fromEntries(kept.map(([key, item]) => [key, asJsonSchema(item)]));
  return value.nullable === true ? { anyOf: [converted, { type: "null" }] } : converted;
}

const ROOT = "description";
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema({ $id: ROOT, components: asJsonSchema(description.components) } as object);

const compiled = new Map<unknown, ValidateFunction>();

/** What is wrong with a value by a schema of the description; empty where nothing is. */
function problems(schema: unknown, value: unknown): string {
  const known = compiled.get(schema);
  const text = JSON.stringify(asJsonSchema(schema)).replaceAll('"#/components', `"${ROOT}#/components`);
  const validate = known ?? ajv.compile(JSON.parse(text) as object);
  compiled.set(schema, validate);
  return validate(value) ? "" : ajv.errorsText(validate.errors, { dataVar: "" });
}

const resolved = <T>(value: T | { readonly $ref: string }): T => {
  if (!isFields(value) || typeof value.$ref !== "string") return value as T;
  const steps = value.$ref.replace(/^#\//, "").split("/");
  return steps.reduce((here: unknown, step) => (isFields(here) ? here[step] : undefined), description) as T;
};

const operations = Object.entries(description.paths as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
      operation,
    })),
);

/** The operation of a call. @throws Error for a call that GitHub does not describe, or describes otherwise. */
export function describedCall(method: string, url: URL, body: unknown): Described {
  const found = operations.find((one) => one.method === method && one.pattern.test(url.pathname));
  if (found === undefined) throw new Error(`GitHub has no ${method} ${url.pathname} among what is used here`);
  const path: Record<string, string> = { ...found.pattern.exec(url.pathname)?.groups };
  const parameters = (found.operation.parameters ?? []).map((parameter) => resolved<Parameter>(parameter));
  for (const name of url.searchParams.keys()) {
    if (!parameters.some((one) => one.in === "query" && one.name === name)) {
      throw new Error(`${found.name} has no parameter ${name}`);
    }
  }
  for (const { name, in: place, schema } of parameters) {
    const given = place === "path" ? path[name] : (url.searchParams.get(name) ?? undefined);
    if (given === undefined) continue;
    const wrong = problems(schema, schema.type === "integer" ? Number(given) : given);
    if (wrong !== "") throw new Error(`${found.name}: ${name}${wrong}`);
  }
  const wanted = found.operation.requestBody?.content["application/json"].schema;
  if ((wanted === undefined) !== (body === undefined)) {
    throw new Error(`${found.name} ${wanted === undefined ? "takes no" : "needs a"} body`);
  }
  const wrong = wanted === undefined ? "" : problems(wanted, body);
  if (wrong !== "") throw new Error(`${found.name}: the body${wrong}`);
  return { name: found.name, path };
}

/** What is wrong with an answer of the stand-in; only of those that the description has for the call. */
export function answerProblems({ name }: Described, status: number, body: unknown): string {
  const operation = operations.find((one) => one.name === name)?.operation;
  const answer = operation?.responses[String(status)];
  if (answer === undefined) return "";
  const content = resolved<{ readonly content?: Fields }>(answer as { readonly $ref: string }).content;
  const schema = (content?.["application/json"] as { readonly schema?: unknown } | undefined)?.schema;
  if (schema === undefined) return body === undefined ? "" : `${name} ${status} has no body`;
  return problems(schema, body);
}
