/** Which toolchain serves a machine: the official tools, or what `toolchain/` makes of package registries. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "./failure";
import { installedPulumi, PULUMI_SOURCE } from "./pulumi-cli";

export type Toolchain = "official" | "local";

/** How long the place of the official CLI may take to answer, in milliseconds. */
const ANSWER_MS = 3_000;

/** What is asked of the machine; tests answer otherwise. */
export interface Surroundings {
  readonly hasPulumi: (checkout: string) => Promise<boolean>;
  /** Whether stand-in plugins have served this checkout before: only they can work on what they wrote. */
  readonly hasStandIns: (checkout: string) => boolean;
  readonly reachesPulumi: () => Promise<boolean>;
  /** Why the machine cannot make the tools itself; empty where it can. */
  readonly whyNotLocal: () => Promise<readonly string[]>;
}

const MACHINE: Surroundings = {
  hasPulumi: async (checkout) => (await installedPulumi(checkout)).length > 0,
  hasStandIns: (checkout) => fs.existsSync(path.join(checkout, ".ralex/pulumi/stand-ins.json")),
  reachesPulumi: () =>
    fetch(PULUMI_SOURCE, { method: "HEAD", signal: AbortSignal.timeout(ANSWER_MS) }).then(
      ({ status }) => status < 500,
      () => false,
    ),
  whyNotLocal: async () => (await import("../toolchain")).whyNotHere(),
};

/**
 * What `RALEX_TOOLCHAIN` says, or, for `auto`, the official tools wherever they are or can be had.
 * @throws Failure for another value, and where neither can be had, with both ways.
 */
export async function chooseToolchain(checkout: string, machine: Surroundings = MACHINE): Promise<Toolchain> {
  const choice = process.env.RALEX_TOOLCHAIN || "auto";
  if (choice === "official" || choice === "local") return choice;
  if (choice !== "auto") {
    throw new Failure(`RALEX_TOOLCHAIN is "${choice}"; allowed are official, local and auto`);
  }
  if (await machine.hasPulumi(checkout)) return "official";
  if (machine.hasStandIns(checkout)) return "local";
  if (await machine.reachesPulumi()) return "official";
  const reasons = await machine.whyNotLocal();
  if (reasons.length === 0) return "local";
  throw new Failure(
    `this machine has no Pulumi CLI, and ${PULUMI_SOURCE} does not answer within ${ANSWER_MS / 1000} s. Either\n` +
      "  install Pulumi (https://www.pulumi.com/docs/iac/download-install/) or let this machine reach that address, or\n" +
      `  let it make the tools itself from package registries, for which it lacks this: ${reasons.join("; ")}`,
  );
}
