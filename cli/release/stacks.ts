/** Reads what other stacks say: releases that were built, and the ledgers of the environments. */
import { LEDGER_OUTPUT, LEDGER_PROJECT, readLedger, type LedgerEntry } from "../../components/image/ledger";
import { RELEASE_PROJECT, RELEASE_STACK, readReleases, type ReleaseRecord } from "../../components/image/releases";
import type { StackReader } from "../../components/image/pin-check";
import { recordedOutputs } from "../backend/resources";
import type { Workspace } from "../workspace";

/** Releases that were built, newest first; undefined when none was ever built in this backend. */
export async function builtReleases(workspace: Workspace): Promise<readonly ReleaseRecord[] | undefined> {
  const outputs = await recordedOutputs(workspace, RELEASE_PROJECT, RELEASE_STACK);
  return outputs?.releases === undefined ? undefined : readReleases(outputs.releases);
}

/** An environment's verified releases, newest first; undefined when nothing was ever published there. */
export async function ledgerOf(workspace: Workspace, stack: string): Promise<readonly LedgerEntry[] | undefined> {
  const output = (await recordedOutputs(workspace, LEDGER_PROJECT, stack))?.[LEDGER_OUTPUT];
  return output === undefined ? undefined : readLedger(output, stack);
}

/** Reads each stack once. */
export function stackReader(workspace: Workspace): StackReader {
  const ledgers = new Map<string, ReturnType<StackReader["ledger"]>>();
  let releases: ReturnType<StackReader["releases"]> | undefined;
  return {
    ledger: (environment) => {
      const known = ledgers.get(environment) ?? ledgerOf(workspace, environment);
      ledgers.set(environment, known);
      return known;
    },
    releases: () => (releases ??= builtReleases(workspace)),
  };
}
