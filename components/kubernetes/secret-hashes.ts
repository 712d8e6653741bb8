import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Application } from "../app/model";
import type { Settings } from "../settings/schema";
import { keysByService, wantedSecrets, type StackPlace } from "./existing-secret";
import type { SecretAnswer, SecretQuestion } from "./provider/existing-secret";

export interface SecretHashesArgs {
  readonly place: StackPlace;
  readonly application: Application;
  readonly settings: Settings;
}

/** Characters of [a-zA-Z0-9]: 381 bits. */
const KEY_LENGTH = 64;

/**
 * All that the stack knows of a Secret that somebody else makes: that every key is there, and whether a value is another
 * one than before. It is asked in a preview and in an update alike, and nothing of it is kept but keyed hashes.
 */
export class SecretHashes extends pulumi.ComponentResource {
  /** By service, of the values that this one reads; empty while nothing runs. */
  readonly hashes: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(
    name: string,
    private readonly args: SecretHashesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:kubernetes:SecretHashes", name, {}, opts);
    // With another one every pod would be another one.
    const options = { parent: this, protect: true };
    const { result: key } = new random.RandomPassword(`${name}-key`, { length: KEY_LENGTH, special: false }, options);
    this.hashes = args.settings.running ? this.ask(key) : pulumi.output<Record<string, string>>({});
    this.registerOutputs({ hashes: this.hashes });
  }

  private ask(key: pulumi.Output<string>): pulumi.Output<Readonly<Record<string, string>>> {
    const { place, application, settings } = this.args;
    const question = { place, secrets: wantedSecrets(application, settings) };
    // A first preview does not know the key yet, and has to tell what is missing all the same.
    const present = answered(this, question);
    const hash = { key, services: keysByService(application) };
    return pulumi.unsecret(present.apply(() => answered(this, { ...question, hash })).apply(({ hashes }) => hashes));
  }
}

type Question = Omit<SecretQuestion, "hash"> & { readonly hash?: pulumi.Inputs };

/** @throws ResourceError that says everything that is missing. */
function answered(parent: pulumi.Resource, question: Question): pulumi.Output<SecretAnswer> {
  const inputs = { ...question };
  const answer = pulumi.runtime.invokeOutput<SecretAnswer>("ralex:kubernetes:existingSecret", inputs, { parent });
  return answer.apply((told) => {
    if (told.problems.length === 0) return told;
    throw new pulumi.ResourceError(told.problems.join("\n"), parent);
  });
}
