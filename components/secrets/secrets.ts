import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Application, SecretForm } from "../app/model";
import type { Certificates } from "./certificates";
import { inForm } from "./forms";

export interface SecretsArgs {
  readonly sources: Application["secrets"];
  /** Values of secret settings, by setting. */
  readonly settings: Readonly<Record<string, pulumi.Input<string>>>;
  readonly certificates: Certificates;
}

/** Generated secrets live in the stack's encrypted state and nowhere else; the same one serves until it is rotated. */
export class Secrets extends pulumi.ComponentResource {
  private readonly generated = new Map<string, random.RandomPassword>();

  constructor(
    name: string,
    private readonly args: SecretsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    // What was given to people keeps its identity in states that know this component by its earlier type.
    const earlier = { aliases: [{ type: "ralex:docker:Secrets" }] };
    super("ralex:secrets:Secrets", name, {}, pulumi.mergeOptions(earlier, opts));
    for (const [secret, source] of Object.entries(args.sources)) {
      if (source.from !== "generated") continue;
      const password = new random.RandomPassword(
        `${name}-${secret}`,
        { length: source.length, special: false },
        // What holds data or was given to people: only ./ralex rotate and reset replace it.
        { parent: this, protect: true },
      );
      this.generated.set(secret, password);
    }
    this.registerOutputs({});
  }

  /** A secret's value or a one-way form of it; the output is secret in every form. @throws Error for one not described. */
  get(secret: string, form: SecretForm): pulumi.Output<string> {
    return pulumi.secret(this.value(secret)).apply((value) => inForm(value, form));
  }

  private value(secret: string): pulumi.Input<string> {
    const source = this.args.sources[secret];
    const { certificates, settings } = this.args;
    const value = {
      generated: () => this.generated.get(secret)?.result,
      setting: () => (source?.from === "setting" ? settings[source.setting] : undefined),
      tls: () => (source?.from === "tls" ? certificates[source.part] : undefined),
    }[source?.from ?? "generated"]();
    if (value === undefined) throw new Error(`secret ${secret} has no value`);
    return value;
  }
}
