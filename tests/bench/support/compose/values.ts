/** What the model leaves open, resolved for a Compose project: addresses by name, secrets made here and kept. */
import * as crypto from "node:crypto";
import type { Application, SecretForm, Text } from "../../../../components/app/model";
import { addressText, type AddressPlan } from "../../../../components/docker/addresses";
import { inForm } from "../../../../components/secrets/forms";

/** Certificate and key of the edge, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export class Values {
  private readonly secrets = new Map<string, string>();

  constructor(
    private readonly application: Application,
    private readonly plan: AddressPlan,
    private readonly tls: Certificate,
  ) {}

  text(value: Text): string {
    if (typeof value === "string") return value;
    if ("join" in value) return value.join.map((part) => this.text(part)).join("");
    if (value.ref === "secret") return this.secret(value.secret, value.form);
    return addressText(value, this.application, this.plan);
  }

  /** @throws Error for a secret that nobody can make here. */
  secret(name: string, form: SecretForm): string {
    const value = this.secrets.get(name) ?? this.make(name);
    this.secrets.set(name, value);
    return inForm(value, form);
  }

  private make(name: string): string {
    const source = this.application.secrets[name];
    if (source?.from === "generated") return crypto.randomBytes(source.length).toString("hex").slice(0, source.length);
    if (source?.from === "tls") return source.part === "privateKey" ? this.tls.privateKey : this.tls.certificate;
    throw new Error(`the secret ${name} has no value here: it is a setting`);
  }
}
