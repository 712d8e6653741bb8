import Table from "cli-table3";
import type { Command } from "commander";
import execa from "execa";
import { ralex } from "../components/command-line";
import { isRelease, refOf, type LedgerEntry, type Named } from "../components/image/ledger";
import { pinOf, type Pin } from "../components/image/pin-check";
import type { ReleaseRecord } from "../components/image/releases";
import { requireTerminal } from "./confirm";
import { checkoutTrust, committedTrust } from "./evidence/trust";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { policyPackOption, policyPacks } from "./plan/policy-packs";
import { deploy } from "./release/deploy";
import { facts, judgeRelease, releaseEvidence, type ReleaseEvidence } from "./release/evidence";
import { asPulled, namesInUse, only } from "./release/images-in-use";
import { writePin } from "./release/pin";
import { unpullable } from "./release/registry-check";
import { builtReleases, ledgerOf } from "./release/stacks";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";
import { openRegistry } from "./builder";
import type { Workspace } from "./workspace";

/** Where a release comes from that was verified nowhere yet. */
const BUILD = "build";

interface PromoteOptions {
  readonly release?: string;
  readonly deploy?: true;
  readonly policyPack: readonly string[];
  readonly yes?: true;
}

/** A built or a verified release. */
interface Candidate extends Pick<ReleaseRecord, "id" | "revision" | "images"> {
  /** Names of the images that ran where it was verified; absent for a build. */
  readonly ran?: readonly string[];
}

interface Change extends Candidate {
  readonly evidence: ReleaseEvidence;
}

/** `./ralex promote`: pins in one environment what another one has verified. */
export function registerPromote(program: Command, checkout: string): void {
  program
    .command("promote")
    .description("pin in one environment the release that another one has verified")
    .argument("<from>", `the environment that verified it; ${BUILD} for what ./ralex build made`)
    .argument("<to>", "the environment to pin it in")
    .option("--release <id>", "another release than the newest")
    .option("--deploy", "go on: preview, ask, apply, verify, publish")
    .addOption(policyPackOption())
    .option("--yes", "with --deploy: do not ask")
    .action(async (from: string, to: string, options: PromoteOptions) => {
      const packs = policyPacks(checkout, options.policyPack);
      const file = committedFile(checkout, to);
      const settings = settingsOf(checkout, to, file);
      const expected = settings.promotesFrom ?? BUILD;
      if (from !== expected) {
        throw new Failure(`${to} takes releases from ${expected} (ralex:promotesFrom), not from ${from}`, EXIT.refused);
      }
      if (options.deploy === true && options.yes !== true) requireTerminal(`--deploy changes ${to}`);
      const machine = await prepareMachine(checkout, { stacks: options.deploy === true ? [to] : [], images: true });
      const { workspace } = machine;
      const candidate = choose(await candidates(workspace, from), from, options.release);
      const pin = pinOf(candidate);
      const names = await namesInUse(pin, settings);
      const used = asPulled(only(candidate.images, names), settings);
      refuse(pin, to, await unpullable(await openRegistry(), used));
      // The first environment is where a build is found out about; from there on nothing goes without evidence.
      const isFirst = settings.promotesFrom === undefined;
      const trust = await (isFirst ? checkoutTrust(checkout) : committedTrust(checkout));
      const evidence = await releaseEvidence(checkout, candidate.images, trust);
      const judged = judgeRelease(candidate.images, evidence);
      if (!isFirst) refuse(pin, to, judged.problems);
      const old = settings.release;
      if (old !== undefined && isRelease(old, candidate))
        console.log(`${to} has release ${candidate.id} pinned already.`);
      else {
        console.log(await changes(workspace, to, old, { ...candidate, evidence }));
        for (const sentence of [...(isFirst ? judged.problems : []), ...judged.notChecked])
          console.log(`  ${sentence}`);
        // Of a build, which ran nowhere yet, that is no news.
        const unseen = candidate.ran === undefined ? [] : names.filter((name) => !candidate.ran?.includes(name));
        if (unseen.length > 0) console.log(`  first to run in ${to}, and verified there: ${unseen.join(", ")}`);
        await writePin(checkout, to, pin);
        console.log(`pinned in Pulumi.${to}.yaml; commit it, and run ${ralex("deploy", "-s", to)}`);
      }
      if (options.deploy === true) {
        await deploy(machine, to, { ask: options.yes !== true, pin, policyPacks: packs });
      }
    });
}

/** @throws Failure with the problems, if there are any. */
function refuse({ id }: Pin, to: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Failure(`release ${id} cannot be pinned in ${to}:\n  ${problems.join("\n  ")}`, EXIT.refused);
}

async function candidates(workspace: Workspace, from: string): Promise<readonly Candidate[]> {
  if (from === BUILD) {
    const releases = await builtReleases(workspace);
    if (releases === undefined) throw new Failure("nothing was built yet: run ./ralex build", EXIT.refused);
    return releases;
  }
  const ledger = await ledgerOf(workspace, from);
  if (ledger === undefined) {
    const message = `there is no ledger of ${from} in ${workspace.environment.PULUMI_BACKEND_URL}: run ${ralex("deploy", "-s", from)}`;
    throw new Failure(message, EXIT.refused);
  }
  return ledger;
}

function choose(offered: readonly Candidate[], from: string, id?: string): Candidate {
  const candidate = id === undefined ? offered[0] : offered.find((one) => one.id === id);
  if (candidate !== undefined) return candidate;
  const what = from === BUILD ? "was built" : `is verified in ${from}`;
  const known = [...new Set(offered.map((one) => one.id))].join(", ");
  const message =
    id === undefined
      ? `no release ${what} yet`
      : `release ${id} ${what.replace("is", "is not").replace("was", "was not")}; there are ${known || "none"}`;
  throw new Failure(message, EXIT.refused);
}

/** What the pin changes, for people: digests, compressed sizes in MB, vulnerabilities, commits. */
async function changes(workspace: Workspace, to: string, old: Named | undefined, next: Change): Promise<string> {
  const head = ["image", `${to} has pinned`, "will be", "MB", "vulnerabilities"];
  const table = new Table({ head, style: { head: [], border: [] } });
  const earlier = Object.fromEntries(
    Object.entries(next.images).flatMap(([name, image]) => {
      const ref = refOf(old?.images[name]);
      return ref === undefined ? [] : [[name, { ...image, ref }] as const];
    }),
  );
  const before = await releaseEvidence(workspace.checkout, earlier).catch(() => ({}));
  const digest = (ref: string | undefined) => (ref === undefined ? "-" : (ref.split("@")[1] ?? ref).slice(0, 19));
  const change = (from: string, now: string) => (old === undefined || from === now ? now : `${from}\n-> ${now}`);
  const names = [...new Set([...Object.keys(old?.images ?? {}), ...Object.keys(next.images)])].sort();
  for (const name of names) {
    const [was, will] = [digest(refOf(old?.images[name])), digest(refOf(next.images[name]))];
    const [then, now] = [facts((before as ReleaseEvidence)[name]), facts(next.evidence[name])];
    const { sizes, vulnerabilities } = now;
    table.push([
      name,
      was,
      was === will ? "the same" : will,
      change(then.sizes, sizes),
      change(then.vulnerabilities, vulnerabilities),
    ]);
  }
  const lines = [`release ${old?.id ?? "none"} -> ${next.id} (commit ${next.revision})`, table.toString()];
  return [...lines, ...(await commits(workspace, to, next))].join("\n");
}

async function commits(workspace: Workspace, to: string, next: Candidate): Promise<readonly string[]> {
  const running: LedgerEntry | undefined = (await ledgerOf(workspace, to))?.[0];
  if (running === undefined || running.revision === next.revision) return [];
  const range = `${running.revision}..${next.revision}`;
  const { stdout, failed } = await execa("git", ["log", "--oneline", "--no-decorate", range], {
    cwd: workspace.checkout,
    reject: false,
  });
  if (failed) return [`commits ${range}: this clone does not have them`];
  return stdout === "" ? [] : [`commits ${range}:`, ...stdout.split("\n").map((line) => `  ${line}`)];
}
