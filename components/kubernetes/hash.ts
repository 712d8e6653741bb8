import * as crypto from "node:crypto";

/** Hash over a value as JSON: what it names or annotates changes with any part of it. */
export const hashOf = (value: unknown): string =>
  crypto.createHash("sha256").update(JSON.stringify(value)).digest("hex");
