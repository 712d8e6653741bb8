/**
 * What is kept outside the checkout's own files, asked as the commands ask it: registries, ledgers, committed keys. The
 * pack loads this where it is needed, from its sources: the commands find their own files beside them.
 */
import { readEvidence } from "../../components/image/evidence/read";
import { LEDGER_OUTPUT, LEDGER_PROJECT, readLedger } from "../../components/image/ledger";
import type { Evidence } from "../../components/image/evidence/record";
import type { StackReader } from "../../components/image/pin-check";
import { readReleases, RELEASE_PROJECT, RELEASE_STACK } from "../../components/image/releases";
import execa from "execa";
import { openBackend } from "../../cli/backend/open";
import { recordedOutputs } from "../../cli/backend/resources";
import { checkoutTrust, committedTrust } from "../../cli/evidence/trust";

export interface Elsewhere {
  /** Evidence that is a file of the checkout, believed as in development. @throws Error for one that is not to be believed. */
  evidenceHere(checkout: string, ref: string): Promise<Evidence | undefined>;
  /**
   * Evidence of the checkout or of the registry, sealed by a committed key.
   * @param besideOwn - for an image that somebody else has built: one of ours, in whose registry the record is.
   * @throws Error for one that is not to be believed, and where the registry does not answer.
   */
  evidenceAnywhere(checkout: string, ref: string, besideOwn: string | undefined): Promise<Evidence | undefined>;
  /** @throws Error where Pulumi was told of no backend. */
  ledgers(): StackReader;
}

export const elsewhere: Elsewhere = {
  evidenceHere: async (checkout, ref) => readEvidence(checkout, ref, await checkoutTrust(checkout)),
  evidenceAnywhere: async (checkout, ref, besideOwn) => {
    const trust = await committedTrust(checkout);
    const kept = readEvidence(checkout, ref, trust);
    if (kept !== undefined) return kept;
    // What talks to registries takes most of a second to load.
    const { findEvidence } = await import("../../cli/release/evidence");
    return findEvidence(checkout, ref, { besideOwn, trust });
  },
  ledgers: () => {
    const url = process.env.PULUMI_BACKEND_URL ?? "";
    if (url === "") throw new Error('PULUMI_BACKEND_URL is not set: run eval "$(./ralex env)" first');
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
  },
};
