/** Stand-in for the random plugin, on the system's source of randomness. */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import bcrypt from "bcryptjs";
import { flag, number, text } from "../support/inputs";
import type { Plugin, ResourceKind } from "../support/plugin";
import type { Failure, PackageTable } from "../support/tables";
import type { Values } from "../support/wire";
import table from "../tables/random.json";
import { contradiction, randomText, type Rules } from "./characters";

/** Cost of the official provider's bcryptHash. */
const BCRYPT_COST = 10;
const TEXT_INPUTS = [
  "length",
  "lower",
  "upper",
  "numeric",
  "number",
  "special",
  "overrideSpecial",
  "minLower",
  "minUpper",
  "minNumeric",
  "minSpecial",
  "keepers",
];

const rulesOf = (inputs: Values): Rules => ({
  length: number(inputs, "length") ?? 0,
  lower: flag(inputs, "lower") ?? true,
  upper: flag(inputs, "upper") ?? true,
  numeric: flag(inputs, "numeric") ?? flag(inputs, "number") ?? true,
  special: flag(inputs, "special") ?? true,
  overrideSpecial: text(inputs, "overrideSpecial"),
  minLower: number(inputs, "minLower") ?? 0,
  minUpper: number(inputs, "minUpper") ?? 0,
  minNumeric: number(inputs, "minNumeric") ?? 0,
  minSpecial: number(inputs, "minSpecial") ?? 0,
});

const checkRules = (inputs: Values): { inputs: Values; failures: Failure[] } => {
  const reason = number(inputs, "length") === undefined ? undefined : contradiction(rulesOf(inputs));
  return { inputs, failures: reason === undefined ? [] : [{ property: "length", reason }] };
};

const password: ResourceKind = {
  accepts: TEXT_INPUTS,
  updates: [],
  secretOutputs: ["result", "bcryptHash"],
  check: checkRules,
  async create(inputs) {
    const result = randomText(rulesOf(inputs));
    return { id: "none", outputs: { result, bcryptHash: await bcrypt.hash(result, BCRYPT_COST) } };
  },
};

const string: ResourceKind = {
  accepts: TEXT_INPUTS,
  updates: [],
  check: checkRules,
  create(inputs) {
    const result = randomText(rulesOf(inputs));
    return Promise.resolve({ id: result, outputs: { result } });
  },
};

const atLeastOne = (property: string) => (inputs: Values) => {
  const amount = number(inputs, property);
  const isWrong = amount !== undefined && (!Number.isInteger(amount) || amount < 1);
  return { inputs, failures: isWrong ? [{ property, reason: "must be a whole number of at least 1" }] : [] };
};

const bytes: ResourceKind = {
  accepts: ["length", "keepers"],
  updates: [],
  secretOutputs: ["base64", "hex"],
  check: atLeastOne("length"),
  create(inputs) {
    const made = randomBytes(number(inputs, "length") ?? 0);
    const base64 = made.toString("base64");
    // The official provider's id is the value itself, and ids are not secret.
    return Promise.resolve({ id: randomUUID(), outputs: { base64, hex: made.toString("hex") } });
  },
};

const id: ResourceKind = {
  accepts: ["byteLength", "prefix", "keepers"],
  updates: [],
  check: atLeastOne("byteLength"),
  create(inputs) {
    const made = randomBytes(number(inputs, "byteLength") ?? 0);
    const prefix = text(inputs, "prefix") ?? "";
    const outputs = {
      b64Std: prefix + made.toString("base64"),
      b64Url: prefix + made.toString("base64url"),
      hex: prefix + made.toString("hex"),
      dec: prefix + BigInt(`0x${made.toString("hex")}`).toString(),
    };
    return Promise.resolve({ id: made.toString("base64url"), outputs });
  },
};

const uuid: ResourceKind = {
  accepts: ["keepers"],
  updates: [],
  create() {
    const result = randomUUID();
    return Promise.resolve({ id: result, outputs: { result } });
  },
};

const integer: ResourceKind = {
  accepts: ["min", "max", "keepers"],
  updates: [],
  check(inputs) {
    const [min, max] = [number(inputs, "min"), number(inputs, "max")];
    const isWrong = min !== undefined && max !== undefined && !(min <= max);
    return { inputs, failures: isWrong ? [{ property: "max", reason: `must not be below min, which is ${min}` }] : [] };
  },
  create(inputs) {
    const min = number(inputs, "min") ?? 0;
    const result = randomInt(min, (number(inputs, "max") ?? 0) + 1);
    return Promise.resolve({ id: String(result), outputs: { result } });
  },
};

export const plugin: Plugin = {
  table: table as PackageTable,
  config: [],
  resources: {
    "random:index/randomBytes:RandomBytes": bytes,
    "random:index/randomId:RandomId": id,
    "random:index/randomInteger:RandomInteger": integer,
    "random:index/randomPassword:RandomPassword": password,
    "random:index/randomString:RandomString": string,
    "random:index/randomUuid:RandomUuid": uuid,
  },
};
