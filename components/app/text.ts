import type { Ref, SecretForm, Text } from "./model";

/** Name under which a service can be reached from another. */
export const host = (service: string): Ref => ({ ref: "host", service });

/** `host:port` of a service's named port. */
export const address = (service: string, port: string): Ref => ({ ref: "address", service, port });

/** `before` + address + `after`, once for each address that the target gives the service. */
export const eachAddress = (service: string, port: string, before: string, after: string, except?: number): Ref => ({
  ref: "eachAddress",
  service,
  port,
  before,
  after,
  ...(except === undefined ? {} : { except }),
});

/** Name of all replicas of a service, for whoever asks each of them at one of its ports. */
export const pool = (service: string, port: string): Ref => ({ ref: "pool", service, port });

/** A secret's value, or a one-way form of it. */
export const secret = (name: string, form: SecretForm = "value"): Ref => ({ ref: "secret", secret: name, form });

/** Concatenation of parts. */
export const join = (...parts: readonly Text[]): Text => ({ join: parts });

/** Template-literal form of {@link join}: text`postgresql://${host("postgres")}/ralex`. */
export function text(literals: TemplateStringsArray, ...parts: readonly Text[]): Text {
  return join(...literals.flatMap((literal, index) => [literal, parts[index] ?? ""]));
}

/** Every reference in a text, in order. */
export function refsOf(value: Text): readonly Ref[] {
  if (typeof value === "string") return [];
  if ("join" in value) return value.join.flatMap(refsOf);
  return [value];
}

/** Whether any part reveals a secret's value. One-way forms count too: they are not for listings either. */
export const mentionsSecret = (value: Text): boolean => refsOf(value).some((ref) => ref.ref === "secret");
