/** What the ledgers say of the release that an environment is pinned to, as the program itself judges it. */
import { LEDGER_OUTPUT, LEDGER_PROJECT, readLedger } from "../../components/image/ledger";
import { takesSubstitutes } from "../../components/image/lock";
import { judgePin, type Pin, type StackReader } from "../../components/image/pin-check";
import { readReleases, RELEASE_PROJECT, RELEASE_STACK, type ReleaseImages } from "../../components/image/releases";
import { recordedOutputs } from "../../cli/backend/resources";
import type { Configuration } from "../configuration";
import type { ReleaseFacts } from "../rule";

export interface Environment {
  readonly checkout: string;
  readonly stack: string;
  readonly promotesFrom: string | undefined;
  readonly pin: Pin | undefined;
  readonly configuration: Configuration;
}

export interface KnownRelease {
  readonly facts: ReleaseFacts | undefined;
  /** What is recorded of its images; empty where nobody knows it. */
  readonly images: ReleaseImages;
}

/** The environment that releases have to come from; undefined where they are built. */
export function upstreamOf({ environments }: Configuration, stack: string): string | undefined {
  return environments[environments.indexOf(stack) - 1];
}

export async function knownRelease(environment: Environment): Promise<KnownRelease> {
  const { checkout, stack, promotesFrom, pin, configuration } = environment;
  if (pin === undefined) return { facts: undefined, images: {} };
  const facts = { id: pin.id, images: pin.images };
  const wanted = upstreamOf(configuration, stack);
  if (wanted !== undefined && promotesFrom !== wanted) {
    const refusal =
      `${stack} takes releases from ${promotesFrom ?? "no environment"}, and policy/config/${stack}.json has ${wanted} ` +
      `before it: set ralex:promotesFrom to ${wanted}`;
    return { facts: { ...facts, refusal }, images: {} };
  }
  const place = { environment: stack, promotesFrom, takesSubstitutes: takesSubstitutes(checkout) };
  try {
    const { refusal, images = {} } = await judgePin(pin, place, await reader());
    return { facts: { ...facts, refusal }, images };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { facts: { ...facts, refusal: `the ledgers cannot be read: ${reason}` }, images: {} };
  }
}

/** Reads the stacks of the backend that Pulumi was told of in its environment, as the commands do. */
async function reader(): Promise<StackReader> {
  const url = process.env.PULUMI_BACKEND_URL ?? "";
  if (url === "") throw new Error('PULUMI_BACKEND_URL is not set: run eval "$(./ralex env)" first');
  // Only environments that others promote to read ledgers.
  const [{ openBackend }, { default: execa }] = await Promise.all([import("../../cli/backend/open"), import("execa")]);
  const backend = openBackend(url, async (args) => (await execa("pulumi", [...args, "--non-interactive"])).stdout);
  return {
    ledger: async (environment) => {
      const output = (await recordedOutputs({ backend }, LEDGER_PROJECT, environment))?.[LEDGER_OUTPUT];
      return output === undefined ? undefined : readLedger(output, environment);
    },
    releases: async () => {
      const outputs = await recordedOutputs({ backend }, RELEASE_PROJECT, RELEASE_STACK);
      return outputs?.releases === undefined ? undefined : readReleases(outputs.releases);
    },
  };
}
