import * as crypto from "node:crypto";
import type { SecretForm } from "../app/model";

const FORMS: Readonly<Record<SecretForm, (value: string) => string>> = {
  value: (value) => value,
  url: encodeURIComponent,
  json: (value) => JSON.stringify(value).slice(1, -1),
  sha256: (value) => crypto.createHash("sha256").update(value).digest("hex"),
  // Not a slow hash: nobody guesses 238 random bits, and a proxy with one worker would answer nobody while it works one out.
  htpasswd: (value) => `{SHA}${crypto.createHash("sha1").update(value).digest("base64")}`,
};

/** A generated secret in one of its forms. */
export const inForm = (value: string, form: SecretForm): string => FORMS[form](value);
