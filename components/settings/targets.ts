/**
 * Every target by its name: the program is `stacks/<name>.ts`, what the commands know of it is in `cli/targets/<name>/`.
 * Nothing else has to be told of a new one.
 */
export const TARGETS = ["docker", "kubernetes"] as const;

export type TargetName = (typeof TARGETS)[number];
