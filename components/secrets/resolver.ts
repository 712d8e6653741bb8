import * as pulumi from "@pulumi/pulumi";
import type { Ref, Text } from "../app/model";
import type { Secrets } from "./secrets";

/** A reference to a service, which each platform has its own words for. */
export type ServiceRef = Exclude<Ref, { readonly ref: "secret" }>;

/**
 * Text that is known before anything runs.
 * @param address - a reference to a service as text.
 * @throws Error for one that holds a secret.
 */
export function plainText(value: Text, address: (ref: ServiceRef) => string): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map((part) => plainText(part, address)).join("");
  if (value.ref === "secret") throw new Error(`secret ${value.secret} is no plain text`);
  return address(value);
}

/** Resolves what the model leaves open: names and addresses in a platform's words, and secrets. */
export class Resolver {
  /**
   * @param address - a reference to a service as text; throws an Error where the application has no such service or port.
   * @param secrets - undefined where somebody else keeps them.
   */
  constructor(
    private readonly address: (ref: ServiceRef) => string,
    private readonly secrets: Secrets | undefined,
  ) {}

  /** Text that is known before anything runs. @throws Error for one that holds a secret. */
  plain(value: Text): string {
    return plainText(value, this.address);
  }

  /** @throws Error for text that holds a secret where somebody else keeps them. */
  text(value: Text): pulumi.Output<string> {
    if (typeof value === "string") return pulumi.output(value);
    if ("join" in value) return pulumi.all(value.join.map((part) => this.text(part))).apply((parts) => parts.join(""));
    if (value.ref !== "secret") return pulumi.output(this.address(value));
    if (this.secrets === undefined) throw new Error(`secret ${value.secret} is not known to the stack`);
    return this.secrets.get(value.secret, value.form);
  }
}
