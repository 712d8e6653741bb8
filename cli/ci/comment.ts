/** `./ralex ci comment`: one comment over the previews of all stacks, on the pull request and in the run's summary. */
import * as fs from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import { EXIT, Failure } from "../failure";
import { chooseForge, FORGES, forgeOf, type ForgeName } from "./forge/choose";
import { ForgeError, type Forge } from "./forge/forge";
import { publishComment } from "./forge/publish";
import { MOST_CHARACTERS, renderComment, type RunFacts } from "./render/comment";
import { readResult, type PreviewResult } from "./result";

interface CommentCommand {
  readonly print?: true;
  readonly forge?: ForgeName;
  readonly pullRequest?: number;
}

/** A summary of a step may have 1 MiB; a character takes three bytes of it at most. */
const SUMMARY_CHARACTERS = 300_000;

export function registerCiComment(ci: Command): void {
  ci.command("comment")
    .description("write one comment over the results of ./ralex ci preview on the pull request, or bring it up to date")
    .argument("<results...>", "the files that ./ralex ci preview has written")
    .option("--print", "write it to standard output, and nowhere else")
    .addOption(new Option("--forge <forge>", "where to; by default the forge that runs this").choices(FORGES))
    .option("--pull-request <number>", "by default the one that the run is about", pullRequestNumber)
    .action(async (files: readonly string[], options: CommentCommand) => {
      const results = oneOfEach(files.map(readResult));
      const name = options.print === true ? "none" : (options.forge ?? forgeOf(process.env));
      const { forge, run } = chooseForge(name, process.env, options.pullRequest);
      const summary = options.print === true ? undefined : process.env.GITHUB_STEP_SUMMARY;
      await comment(results, run, forge, summary);
    });
}

/** @throws InvalidArgumentError for what is no number of a pull request. */
function pullRequestNumber(text: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (number < 1) throw new InvalidArgumentError("it is a number, 1 or more");
  return number;
}

/** @throws Failure where two results are of the same stack: one of them would be shown as the other. */
function oneOfEach(results: readonly PreviewResult[]): readonly PreviewResult[] {
  const names = results.map(({ project, stack }) => `${project}/${stack}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return results;
  throw new Failure(`two of the files are results of ${twice}: give one for each stack`, EXIT.refused);
}

/**
 * Writes the comment, and says on standard output what became of it.
 * @param forge - undefined for standard output.
 * @param summary - file that the summary of the run's step is appended to.
 * @throws Failure where it could be written nowhere.
 */
export async function comment(
  results: readonly PreviewResult[],
  run: RunFacts,
  forge: Forge | undefined,
  summary?: string,
): Promise<void> {
  if (summary !== undefined && summary !== "") {
    fs.appendFileSync(summary, `${renderComment(results, run, SUMMARY_CHARACTERS).text}\n`);
  }
  const { text, diffsLeftOut } = renderComment(results, run, forge?.mostCharacters ?? MOST_CHARACTERS);
  if (forge === undefined) return console.log(text);
  try {
    const published = await publishComment(forge, text, run.run);
    const left = diffsLeftOut === 0 ? "" : `, without ${diffsLeftOut} diffs that it has no room for`;
    console.log(`${forge.name}: the comment was ${published}${left}`);
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (summary === undefined || summary === "" || !error.isNotPermitted) {
      throw new Failure(`${forge.name}: no comment was written: ${error.message}`);
    }
    // The previews themselves went well or not in a job of their own; the text is where the run shows it.
    console.error(`${forge.name}: no comment was written: ${error.message}; it is in the summary of the run`);
  }
}
