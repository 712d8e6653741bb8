/** `./ralex ci preview`: the preview of each stack, as a file for `./ralex ci comment`. */
import * as fs from "node:fs";
import * as path from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { EXIT, Failure } from "../failure";
import { interruptedBy } from "../interruption";
import { prepareMachine, type Machine } from "../machine";
import { policyPackOption, policyPacks } from "../plan/policy-packs";
import { settingsOf } from "../settings";
import { committedFile, stackNames } from "../stack-config";
import { previewStack, withoutPreview, type StackPreviewOptions } from "./preview-stack";
import { writeResult, type PreviewResult } from "./result";

interface PreviewCommand {
  readonly stack?: readonly string[];
  readonly policyPack: readonly string[];
  readonly savePlan?: string;
  readonly results: string;
  readonly timeout?: number;
}

export function registerCiPreview(ci: Command, checkout: string): void {
  ci.command("preview")
    .description("preview what a deployment would change, and write a result for each stack; change nothing")
    .option("-s, --stack <stack...>", "the environments; by default all that pin a release")
    .addOption(policyPackOption())
    .option("--save-plan <folder>", "keep <stack>.plan of each there, for ./ralex deploy --plan")
    .option("--results <folder>", "where <stack>.json is written", ".ralex/previews")
    .option("--timeout <seconds>", "end the preview of a stack that takes longer", seconds)
    .action(async (options: PreviewCommand) => {
      const stacks = options.stack ?? pinnedStacks(checkout);
      for (const stack of stacks) committedFile(checkout, stack);
      const packs = policyPacks(checkout, options.policyPack);
      const plans = options.savePlan === undefined ? undefined : path.resolve(options.savePlan);
      if (plans !== undefined) fs.mkdirSync(plans, { recursive: true, mode: 0o700 });
      const milliseconds = options.timeout === undefined ? undefined : options.timeout * 1000;
      const folder = path.resolve(checkout, options.results);
      const machine = await prepareMachine(checkout, { stacks, images: true }).catch((error: unknown) => ({ error }));
      const results = await previewAll(machine, stacks, { policyPacks: packs, plans, milliseconds }, checkout, folder);
      process.exitCode = exitCodeOf(results);
    });
}

/** @throws InvalidArgumentError for what is no number of seconds. */
function seconds(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 86_400) {
    throw new InvalidArgumentError("it is a whole number of seconds, 1 to 86400");
  }
  return number;
}

/** @throws Failure where nothing is pinned anywhere. */
function pinnedStacks(checkout: string): readonly string[] {
  const pinned = stackNames(checkout).filter((stack) => {
    const isPinned = settingsOf(checkout, stack, committedFile(checkout, stack)).release !== undefined;
    if (!isPinned) console.error(`${stack} pins no release, and is left out`);
    return isPinned;
  });
  if (pinned.length > 0) return pinned;
  throw new Failure("no stack pins a release (ralex:release): ./ralex promote writes a pin", EXIT.refused);
}

/**
 * The previews of some stacks, each written as soon as it is there: one after the other, since each keeps all cores busy.
 * A stack that fails keeps none from being looked at.
 * @param machine - or why there is none.
 * @param folder - for the results.
 */
export async function previewAll(
  machine: Machine | { readonly error: unknown },
  stacks: readonly string[],
  options: StackPreviewOptions,
  checkout: string,
  folder: string,
): Promise<readonly PreviewResult[]> {
  const results: PreviewResult[] = [];
  for (const stack of stacks) {
    console.error(`preview of ${stack}`);
    const result =
      "error" in machine
        ? await withoutPreview(checkout, stack, machine.error)
        : await previewStack(machine, stack, options);
    for (const { text } of result.errors) console.error(`ralex: ${stack}: ${text}`);
    console.log(writeResult(folder, result));
    results.push(result);
    if (interruptedBy() !== undefined) break;
  }
  return results;
}

/** 1 where a preview failed, 2 where all that is wrong are refusals. */
export function exitCodeOf(results: readonly PreviewResult[]): number {
  const wrong = results.filter(({ exitCode }) => exitCode !== 0);
  if (wrong.length === 0) return EXIT.done;
  return wrong.every(({ outcome }) => outcome === "refused") ? EXIT.refused : EXIT.error;
}
