/** Judges plain Kubernetes manifests and Compose files by the rules of the pack. */
import * as fs from "node:fs";
import { DocumentError, readDocuments } from "../../policy/documents/files";
import { elsewhere } from "../../policy/knowledge/elsewhere";
import { stackKnowledge } from "../../policy/knowledge/stack";
import { RULES } from "../../policy/rules";
import { Session } from "../../policy/session";
import { Failure } from "../failure";
import type { Checked } from "./checked";

/** Name of the pack's configuration for files. */
const FILES = "files";

/** Rules that ask for what no file has: a pin, and options of Pulumi. */
const NOT_IN_FILES: Readonly<Record<string, string>> = {
  "PRO-01": "a file has no release",
  "PROT-01": "a file has no options of Pulumi",
  "DB-01": "a file has no options of Pulumi",
};

/** @throws Failure with everything that cannot be read. */
export async function checkFiles(checkout: string, files: readonly string[]): Promise<Checked> {
  const problems: string[] = [];
  const read = files.flatMap((file) => {
    try {
      return [readDocuments(textOf(file), file)];
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      problems.push(error.message);
      return [];
    }
  });
  if (problems.length > 0) throw new Failure(problems.join("\n"));
  const rules = RULES.filter(({ id }) => NOT_IN_FILES[id] === undefined);
  const knowledge = await stackKnowledge(checkout, FILES, {}, () => Promise.resolve(elsewhere));
  // What a file says is said for wherever it is applied.
  const session = new Session(rules, { ...knowledge, context: { ...knowledge.context, isPromoted: true } });
  const resources = read.flatMap((one) => one.resources);
  const outcomes = await session.ofWhole(resources);
  return {
    outcomes,
    remarks: session.remarks(),
    checked: resources.length,
    skipped: read.flatMap((one) => one.skipped),
    ofFiles: true,
  };
}

function textOf(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(fs.readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DocumentError(
      `${file} cannot be read: ${code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8" : code}`,
    );
  }
}
