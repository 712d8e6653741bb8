/** The folder that `./ralex build` exports a commit into, as the release project finds it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** Beside the build contexts of the export. */
export const COMMIT_FILE = "commit.json";

const CHANGE = z.strictObject({ commit: z.string().regex(/^[0-9a-f]{40}$/), time: z.int().min(0) });
const COMMIT = z.strictObject({
  /** The commit that was exported. */
  revision: z.string().regex(/^[0-9a-f]{40}$/),
  /** By build context, the last commit that changed it. */
  changes: z.strictObject({ "ralex-api": CHANGE, probe: CHANGE }),
});

export type ExportedCommit = z.infer<typeof COMMIT>;

/** @throws Error when the folder is no export. */
export function readExportedCommit(folder: string): ExportedCommit {
  const file = path.join(folder, COMMIT_FILE);
  if (!fs.existsSync(file)) throw new Error(`${folder} is not the export of a commit: run ./ralex build`);
  const parsed = COMMIT.safeParse(JSON.parse(fs.readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${file} is damaged: ${problems.join("; ")}. Run ./ralex build`);
}
