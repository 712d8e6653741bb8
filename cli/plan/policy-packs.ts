/** The policy packs that a command is given: folders that judge a preview and its update. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Option } from "commander";
import { Failure } from "../failure";

/** The checkout's own pack, which judges every deployment and every start. */
export const OWN_PACK = "policy";

/** Pulumi's description of a pack, in its folder. */
const DESCRIPTION = "PulumiPolicy.yaml";

/** `--policy-pack <folder>`, any number of times; its value is for {@link policyPacks}. */
export const policyPackOption = (): Option =>
  new Option(
    "--policy-pack <folder>",
    "a policy pack that judges the change too, beside this checkout's own; may be given again",
  )
    .argParser((folder: string, before: readonly string[] | undefined) => [...(before ?? []), folder])
    .default([], "none");

/**
 * The checkout's own pack and the given ones: their folders, relative to the checkout where they are in it: so a plan knows them in another clone.
 * @throws Failure for everything that is no policy pack.
 */
export function policyPacks(checkout: string, folders: readonly string[]): readonly string[] {
  const found = folders.map((given) => path.resolve(given));
  const wrong = found.filter((folder) => !fs.existsSync(path.join(folder, DESCRIPTION)));
  if (wrong.length > 0) throw new Failure(`no policy pack, for want of a ${DESCRIPTION}: ${wrong.join(", ")}`);
  const given = found.map((folder) => {
    const inside = path.relative(checkout, folder);
    return inside.startsWith("..") || path.isAbsolute(inside) ? folder : inside;
  });
  return [...new Set([OWN_PACK, ...given])];
}
