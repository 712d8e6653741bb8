import type { Command } from "commander";
import { gate, rulesFor, rulesOf, type Evidence, type GateRules, type Verdict } from "../components/image/evidence";
import { ImageRef } from "../components/image/image-ref";
import { isRelease } from "../components/image/ledger";
import type { ReleaseRecord } from "../components/image/releases";
import { collectEvidence, type PushedImage } from "./evidence/collect";
import { evidenceTable } from "./evidence/table";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { besideOwnOf, findEvidence } from "./release/evidence";
import { builtReleases } from "./release/stacks";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";

interface EvidenceOptions {
  readonly stack?: string;
  readonly collect?: true;
  readonly gate?: true;
  readonly json?: true;
}

/** `./ralex evidence <image>`: what is known about an image's digest. */
export function registerEvidence(program: Command, checkout: string): void {
  program
    .command("evidence")
    .description("show what was measured, scanned and signed of an image")
    .argument("<image>", "ralex-api, postgres and the like, of the newest release; or repository@sha256:…")
    .option("-s, --stack <stack>", "the release that is pinned for this environment, instead of the newest")
    .option("--collect", "look at the image again, and keep the new record")
    .option("--gate", `exit with ${EXIT.refused} when the rules refuse the image`)
    .option("--json", "print JSON")
    .action(async (name: string, options: EvidenceOptions) => {
      const image = await findImage(checkout, name, options.stack);
      const evidence = await evidenceOf(checkout, image, options.collect === true);
      const verdict = gate(evidence, image.rules);
      if (options.json === true) console.log(JSON.stringify({ ...evidence, verdict }, null, 2));
      else console.log(`${evidenceTable(evidence)}\n${describe(verdict)}`);
      if (options.gate === true && verdict.problems.length > 0) process.exitCode = EXIT.refused;
    });
}

interface Found extends PushedImage {
  readonly rules: GateRules;
}

/** The image that a person means. @throws Failure that says which images there are */
async function findImage(checkout: string, name: string, stack: string | undefined): Promise<Found> {
  if (name.includes("@")) {
    const { path } = ImageRef.parse(name);
    const last = path.slice(path.lastIndexOf("/") + 1);
    return { name: last, ref: name, revision: "unknown", rules: rulesFor(last) };
  }
  if (stack !== undefined) {
    const { release } = settingsOf(checkout, stack, committedFile(checkout, stack));
    if (release === undefined) throw new Failure(`no release is pinned for ${stack}: run ./ralex promote`);
    const ref = named(release.images, name, `the release pinned for ${stack}`);
    const known = (await allBuilt(checkout)).find((one) => isRelease(one, release));
    return known === undefined ? { name, ref, revision: release.id, rules: rulesFor(name) } : ofRelease(known, name);
  }
  const [newest] = await allBuilt(checkout);
  if (newest === undefined) throw new Failure("nothing was built yet: run ./ralex build");
  return ofRelease(newest, name);
}

async function allBuilt(checkout: string): Promise<readonly ReleaseRecord[]> {
  const { workspace } = await prepareMachine(checkout, {});
  return (await builtReleases(workspace)) ?? [];
}

function ofRelease({ id, images, revision }: ReleaseRecord, name: string): Found {
  const image = named(images, name, `release ${id}`);
  const { ref, platforms } = image;
  return { name, ref, platforms, revision, besideOwn: besideOwnOf(image, images), rules: rulesOf(name, image) };
}

function named<Image>(images: Readonly<Record<string, Image>>, name: string, where: string): Image {
  const image = images[name];
  if (image !== undefined) return image;
  throw new Failure(`${where} has no image ${name}; it has ${Object.keys(images).sort().join(", ")}`);
}

/**
 * The checkout's own record, else the one beside the image.
 * @throws Failure that says how to make one where there is none, and for a record that was altered.
 */
async function evidenceOf(checkout: string, image: PushedImage, isNew: boolean): Promise<Evidence> {
  if (isNew) {
    await prepareMachine(checkout, { docker: true });
    return collectEvidence(checkout, image);
  }
  const evidence = await findEvidence(checkout, image.ref, { besideOwn: image.besideOwn });
  if (evidence !== undefined) return evidence;
  const message = `there is no evidence of ${image.ref}, here or in its registry: add --collect to make it`;
  throw new Failure(message, EXIT.refused);
}

function describe({ problems, notChecked }: Verdict): string {
  const list = (head: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [head, ...lines.map((line) => `  ${line}`)];
  const lines = [...list("refused:", problems), ...list("not checked, and not demanded:", notChecked)];
  return lines.length === 0 ? "nothing is against it" : lines.join("\n");
}
