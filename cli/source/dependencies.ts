/** The lists that say what a Python tree depends on, and what in them cannot be held by a hash. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../failure";

export interface DependencyLists {
  /** Every file that resolving reads, relative to the tree. */
  readonly files: readonly string[];
  /** What `ralex.in` is to say, or undefined where pyproject.toml is resolved. */
  readonly merged: string | undefined;
}

/**
 * requirements.txt; without it every requirements*.txt together; without any, pyproject.toml.
 * @param files - the tree's files.
 * @throws Failure when there is no list, or one names what no hash can hold.
 */
export function dependencyLists(tree: string, files: readonly string[]): DependencyLists {
  const lists = files.includes("requirements.txt")
    ? ["requirements.txt"]
    : files.filter((file) => /^requirements[^/]*\.txt$/.test(file));
  if (lists.length > 0) {
    const merged = lists.map((list) => `-r ${list}\n`).join("");
    return { files: withIncluded(tree, lists), merged };
  }
  if (!files.includes("pyproject.toml")) {
    throw new Failure(
      `ralex:source: ${tree} has neither requirements*.txt nor pyproject.toml (or ignores them): ` +
        "add a requirements.txt; an empty one says that nothing is needed",
    );
  }
  const text = fs.readFileSync(path.join(tree, "pyproject.toml"), "utf8");
  if (!/^\s*\[project\]/m.test(text) || /^\s*dynamic\s*=\s*\[[^\]]*["']dependencies["']/m.test(text)) {
    throw new Failure(
      `ralex:source: the pyproject.toml of ${tree} does not list its dependencies under [project]: ` +
        "list them there, or add a requirements.txt",
    );
  }
  return { files: ["pyproject.toml"], merged: undefined };
}

/** The lists and all that they include with -r or -c. */
function withIncluded(tree: string, lists: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const problems: string[] = [];
  const visit = (file: string, from: string): void => {
    if (found.has(file)) return;
    const full = path.join(tree, file);
    if (file.startsWith("..") || path.isAbsolute(file)) {
      problems.push(`${from} includes ${file}, which is outside the tree`);
    } else if (!fs.existsSync(full)) problems.push(`${from} includes ${file}, which does not exist`);
    else if (!isInside(tree, full)) problems.push(`${file} is a link that leads out of the tree`);
    else {
      found.add(file);
      for (const [index, line] of fs.readFileSync(full, "utf8").split(/\r?\n/).entries()) {
        const place = `${file}, line ${index + 1}`;
        const included = /^\s*(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)/.exec(line)?.[1];
        if (included !== undefined) visit(path.posix.join(path.posix.dirname(file), included), place);
        else problems.push(...refused(line).map((problem) => `${place} ${problem}`));
      }
    }
  };
  for (const list of lists) visit(list, list);
  if (problems.length > 0) throw new Failure(`ralex:source: ${tree} cannot be built:\n  ${problems.join("\n  ")}`);
  return [...found].sort();
}

const isInside = (tree: string, file: string): boolean =>
  fs.realpathSync(file).startsWith(fs.realpathSync(tree) + path.sep);

/** What is wrong with a line; the line itself is not repeated, since it may hold a credential. */
function refused(line: string): readonly string[] {
  const text = line.trim();
  if (/:\/\/[^/\s]*@/.test(text)) return ["holds a credential, which would be kept in the image: leave it out"];
  if (/^(-e|--editable)\b|^\.{0,2}\/|^\.$|^file:|@\s*file:/.test(text)) {
    return ["names a folder, which no hash can hold; the tree itself is found without it (/app and /app/src)"];
  }
  if (/^(git|hg|svn|bzr)\+|@\s*(git|hg|svn|bzr)\+/.test(text)) {
    return ["names a repository, which no hash can hold: name a published version, or an archive by URL"];
  }
  return [];
}
