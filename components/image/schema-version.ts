/** Which database schema an image brings, read from the migrations in its build context. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { ReleaseRecord } from "./releases";

/** Where the migrations are, relative to the build context of the API. */
const MIGRATIONS = "ralex_bridge/migrations";
/** First line of a migration that the version before it cannot run with. */
const BARRIER = /^--\s*barrier\s*:(.*)$/i;

/** A foreign Ralex keeps its own database, of which nothing is known. */
export const NO_SCHEMA: ReleaseRecord["schema"] = { version: 0, barriers: [] };

/**
 * The newest migration of a build context, and the migrations that a rollback must not cross.
 *
 * A barrier is a migration whose first line is the comment `-- barrier: <reason>`: the code from before it does not
 * run on the schema after it.
 * @throws Error with every file that is no migration, every gap in the numbers, and every barrier without a reason.
 */
export function readSchema(context: string): ReleaseRecord["schema"] {
  const folder = path.join(context, MIGRATIONS);
  const files = fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => name.endsWith(".sql"))
        .sort()
    : [];
  const problems: string[] = [];
  const barriers: number[] = [];
  for (const [index, file] of files.entries()) {
    const version = Number(/^(\d{4})_[^/]+\.sql$/.exec(file)?.[1] ?? NaN);
    if (Number.isNaN(version)) problems.push(`${file} is not called NNNN_<what it does>.sql`);
    else if (version !== index + 1) problems.push(`${file} should have the number ${index + 1}`);
    const reason = BARRIER.exec(firstLine(path.join(folder, file)))?.[1]?.trim();
    if (reason === "") problems.push(`${file} is a barrier without a reason: write -- barrier: <why>`);
    else if (reason !== undefined) barriers.push(version);
  }
  if (problems.length === 0) return { version: files.length, barriers };
  throw new Error(`the migrations in ${folder} cannot be told apart:\n  ${problems.join("\n  ")}`);
}

const firstLine = (file: string): string => fs.readFileSync(file, "utf8").split(/\r?\n/, 1)[0] ?? "";
