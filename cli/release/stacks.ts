/** Reads what other stacks say: releases that were built, and the ledgers of the environments. */
import { LEDGER_OUTPUT, LEDGER_PROJECT, readLedger, type LedgerEntry } from "../../components/image/ledger";
import { RELEASE_PROJECT, RELEASE_STACK, readReleases, type ReleaseRecord } from "../../components/image/releases";
import type { StackReader } from "../../components/image/pin-check";
import { Failure } from "../failure";
import type { Workspace } from "../workspace";

/** One output of a stack without its secrets, or undefined when there is no such stack. */
async function outputOf(workspace: Workspace, project: string, stack: string, output: string): Promise<unknown> {
  try {
    const name = await workspace.stackName(project, stack);
    const text = await workspace.capture(["stack", "output", "--json", "--stack", name]);
    return (JSON.parse(text) as Record<string, unknown>)[output];
  } catch (error) {
    if (error instanceof Failure && /no stack named/.test(error.message)) return undefined;
    throw error;
  }
}

/** Releases that were built, newest first; undefined when none was ever built in this backend. */
export async function builtReleases(workspace: Workspace): Promise<readonly ReleaseRecord[] | undefined> {
  const output = await outputOf(workspace, RELEASE_PROJECT, RELEASE_STACK, "releases");
  return output === undefined ? undefined : readReleases(output);
}

/** An environment's verified releases, newest first; undefined when nothing was ever published there. */
export async function ledgerOf(workspace: Workspace, stack: string): Promise<readonly LedgerEntry[] | undefined> {
  const output = await outputOf(workspace, LEDGER_PROJECT, stack, LEDGER_OUTPUT);
  return output === undefined ? undefined : readLedger(output, stack);
}

/** Reads each stack once: a question takes most of a second. */
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
