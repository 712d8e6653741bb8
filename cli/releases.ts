import type { Command } from "commander";
import { isRelease, type LedgerEntry } from "../components/image/ledger";
import type { Pin } from "../components/image/pin-check";
import type { ReleaseRecord } from "../components/image/releases";
import { EXIT } from "./failure";
import { prepareMachine } from "./machine";
import { findOutputs } from "./outputs";
import { checkKept, type KeptImage, type NamedImages } from "./releases/kept";
import { builtTable, historyOf, historyTable, runningSentence, type HistoryEntry } from "./releases/history";
import { builtReleases, ledgerOf } from "./release/stacks";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";
import type { Workspace } from "./workspace";

interface Options {
  readonly stack?: string;
  readonly check?: true;
  readonly json?: true;
}

/** `./ralex releases`: what was built, or what was verified in an environment, and whether all of it is still there. */
export function registerReleases(program: Command, checkout: string): void {
  program
    .command("releases")
    .description("show what ./ralex build made, or with -s the releases that were verified in an environment")
    .option("-s, --stack <stack>", "an environment: its history, who, when, what")
    .option("--check", "ask the registry for every image, manifest and layer of them; exit code 1 when one is gone")
    .option("--json", "print JSON")
    .action(async ({ stack, check, json }: Options) => {
      const pin = stack === undefined ? undefined : settingsOf(checkout, stack, committedFile(checkout, stack)).release;
      const { workspace } = await prepareMachine(checkout, {});
      const releases = stack === undefined ? await builds(workspace) : await history(workspace, stack, pin);
      const kept = check === true ? await checkKept(releases.list) : undefined;
      if (json === true) {
        console.log(JSON.stringify({ ...releases.json, ...(kept === undefined ? {} : { kept }) }, null, 2));
      } else {
        console.log(releases.text);
        if (kept !== undefined) console.log(keptText(kept));
      }
      if (kept?.some(({ problems }) => problems.length > 0) === true) process.exitCode = EXIT.error;
    });
}

interface Shown {
  readonly list: readonly NamedImages[];
  readonly json: object;
  readonly text: string;
}

async function builds(workspace: Workspace): Promise<Shown> {
  const built: readonly ReleaseRecord[] = (await builtReleases(workspace)) ?? [];
  const text = built.length === 0 ? "nothing was built yet: run ./ralex build" : builtTable(built);
  return { list: built, json: { releases: built }, text };
}

async function history(workspace: Workspace, stack: string, pin: Pin | undefined): Promise<Shown> {
  const ledger: readonly LedgerEntry[] = (await ledgerOf(workspace, stack)) ?? [];
  const outputs = await findOutputs(workspace, stack);
  const entries: readonly HistoryEntry[] = historyOf(ledger, pin, outputs?.release);
  const running =
    outputs === undefined
      ? null
      : {
          ...outputs.release,
          verified: outputs.verification.passed,
          published: ledger.some((entry) => isRelease(entry, outputs.release)),
        };
  const sentence = runningSentence(stack, running);
  const table = ledger.length === 0 ? `nothing was ever verified in ${stack}` : historyTable(entries);
  return {
    list: ledger,
    json: { stack, pinned: pin ?? null, running, history: entries },
    text: `${table}\n${sentence}`,
  };
}

function keptText(kept: readonly KeptImage[]): string {
  const lacking = kept.filter(({ problems }) => problems.length > 0);
  if (lacking.length === 0) return `the registry has all of ${kept.length} images: indexes, manifests and layers.`;
  const lines = lacking.flatMap(({ releases, problems }) =>
    problems.map((problem) => `  ${problem} (release ${releases.join(", ")})`),
  );
  return `of ${kept.length} images ${lacking.length} cannot be pulled, so that no rollback reaches their releases:\n${lines.join("\n")}`;
}
