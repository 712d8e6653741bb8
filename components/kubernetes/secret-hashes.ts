import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Application } from "../app/model";
import type { Settings } from "../settings/schema";
import { keysByService, wantedSecrets, type StackPlace } from "./existing-secret";
import type { SecretAnswer } from "./provider/existing-secret";

export interface SecretHashesArgs {
  readonly place: StackPlace;
  readonly application: Application;
  readonly settings: Settings;
}

const QUESTION = "ralex:kubernetes:existingSecret";

/** Characters of [a-zA-Z0-9]: 381 bits. */
const KEY_LENGTH = 64;

/**
 * What keeps a stack from being made with the Secrets that somebody else makes, with what to do; asked before anything of it
 * is made, in a preview and in an update alike.
 */
export async function missingSecrets(
  { place, application, settings }: SecretHashesArgs,
  provider: pulumi.ProviderResource,
): Promise<readonly string[]> {
  const secrets = wantedSecrets(application, settings);
  if (secrets.length === 0 || !settings.running) return [];
  const answer = (await pulumi.runtime.invoke(QUESTION, { place, secrets }, { provider })) as SecretAnswer;
  return answer.problems;
}

/**
 * All that the stack knows of a Secret that somebody else makes: whether a value is another one than before. It is asked in
 * a preview and in an update alike, and nothing of it is kept but keyed hashes.
 */
export class SecretHashes extends pulumi.ComponentResource {
  /** By service, of the values that this one reads; empty while nothing runs. */
  readonly hashes: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(name: string, args: SecretHashesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:SecretHashes", name, {}, opts);
    const { place, application, settings } = args;
    // With another one every pod would be another one.
    const options = { parent: this, protect: true };
    const { result: key } = new random.RandomPassword(`${name}-key`, { length: KEY_LENGTH, special: false }, options);
    const question = { place, secrets: wantedSecrets(application, settings) };
    this.hashes = settings.running
      ? this.ask(key, { ...question, hash: { key, services: keysByService(application) } })
      : pulumi.output<Record<string, string>>({});
    this.registerOutputs({ hashes: this.hashes });
  }

  private ask(key: pulumi.Output<string>, question: pulumi.Inputs): pulumi.Output<Readonly<Record<string, string>>> {
    const answer = pulumi.runtime.invokeOutput<SecretAnswer>(QUESTION, question, { parent: this });
    // Before the key is known, the answer would not say that it depends on it, and a plan would have been of something else.
    return pulumi.unsecret(pulumi.all([answer, key])).apply(([{ problems, hashes }]) => {
      if (problems.length === 0) return hashes;
      throw new pulumi.ResourceError(problems.join("\n"), this);
    });
  }
}
