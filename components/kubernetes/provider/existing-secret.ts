/** Asks for the Secret that somebody else makes. No value of it leaves this process. */
import type { Lookup } from "../../provider/kind";
import { connectCluster, reasonOf } from "../client";
import {
  secretHashes,
  secretProblems,
  type KeysByService,
  type StackPlace,
  type WantedSecret,
} from "../existing-secret";

export interface SecretQuestion {
  readonly place: StackPlace;
  /** The one with the stack's secrets first. */
  readonly secrets: readonly WantedSecret[];
  /** Without it, it is only asked whether all is there. */
  readonly hash?: { readonly key: string; readonly services: KeysByService };
}

export interface SecretAnswer {
  /** What is missing, with what to do. */
  readonly problems: readonly string[];
  /** By service, 64 hex digits each; empty where something is missing, or no hash was asked for. */
  readonly hashes: Readonly<Record<string, string>>;
}

export const existingSecret: Lookup<SecretQuestion, SecretAnswer> = async ({ place, secrets, hash }) => {
  try {
    const cluster = await connectCluster(place.context);
    const problems = await secretProblems(cluster, place, secrets);
    const [secret] = secrets;
    if (problems.length > 0 || hash === undefined || secret === undefined) return { problems, hashes: {} };
    return { problems, hashes: await secretHashes(cluster, place, secret, hash.key, hash.services) };
  } catch (error) {
    return { problems: [reasonOf(error)], hashes: {} };
  }
};
