import dockerIgnore from "@balena/dockerignore";

export interface IgnoreRules {
  /** Whether the file is left out of a build context; the path is relative to the context. */
  ignores(file: string): boolean;
  /** Whether a pattern takes something in again, so that an ignored folder has to be looked into. */
  readonly hasExceptions: boolean;
}

/** Reads a .dockerignore; its rules differ from those of .gitignore. */
export function ignoredBy(text: string): IgnoreRules {
  const rules = dockerIgnore().add(text);
  return {
    ignores: (file) => rules.ignores(file),
    hasExceptions: text.split(/\r?\n/).some((line) => line.trim().startsWith("!")),
  };
}
