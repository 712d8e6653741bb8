/** Records the release that an environment runs and has verified in the environment's ledger. */
import * as os from "node:os";
import * as path from "node:path";
import { ralex } from "../../components/command-line";
import { isRelease, LEDGER_PROJECT, type LedgerEntry } from "../../components/image/ledger";
import type { Pin } from "../../components/image/pin-check";
import type { ReleaseRecord } from "../../components/image/releases";
import { EXIT, Failure } from "../failure";
import { readOutputs } from "../outputs";
import { cancelStaleLock } from "../recovery";
import { prepareConfigFile } from "../stack-config";
import type { Workspace } from "../workspace";
import { builtReleases, ledgerOf } from "./stacks";

/** Who works here: the pipeline's actor, or the user of this machine. */
const actor = (): string => process.env.GITHUB_ACTOR ?? `${os.userInfo().username}@${os.hostname()}`;

/**
 * @param pin - what the stack's file has pinned; the running release has to be this one.
 * @returns the entry, and whether it is new.
 * @throws Failure when the release was not verified, or is not the pinned one.
 */
export async function publish(
  workspace: Workspace,
  stack: string,
  pin: Pin,
): Promise<{ readonly entry: LedgerEntry; readonly added: boolean }> {
  const { release, verification } = await readOutputs(workspace, stack);
  if (!isRelease(release, pin)) {
    const message = `${stack} runs release ${release.id}, and ${pin.id} is pinned: run ${ralex("deploy", "-s", stack)}`;
    throw new Failure(message, EXIT.refused);
  }
  if (!verification.passed || verification.at === null) {
    const message = `release ${release.id} is not verified in ${stack}: run ${ralex("deploy", "-s", stack)}`;
    throw new Failure(message, EXIT.refused);
  }
  const ledger = (await ledgerOf(workspace, stack)) ?? [];
  const newest = ledger[0];
  if (newest !== undefined && isRelease(newest, release) && newest.at === verification.at) {
    return { entry: newest, added: false };
  }
  const entry: LedgerEntry = {
    ...(await originOf(workspace, ledger, release)),
    ran: [...release.ran],
    at: verification.at,
    actor: actor(),
    checks: verification.checks.map(({ name, detail }) => ({ name, passed: true, detail })),
  };
  await cancelStaleLock(workspace, LEDGER_PROJECT, stack);
  const content = { config: { [`${LEDGER_PROJECT}:entry`]: JSON.stringify(entry) } };
  const file = await prepareConfigFile(workspace, LEDGER_PROJECT, stack, content);
  const folder = path.join(workspace.checkout, "stacks/ledger");
  await workspace.capture(["up", "--yes", "--skip-preview", "--stack", stack, "--config-file", file], folder);
  return { entry, added: true };
}

/** What was built as a release: from the ledger where it was verified before, else from its build. */
async function originOf(workspace: Workspace, ledger: readonly LedgerEntry[], release: Pin): Promise<ReleaseRecord> {
  const earlier = ledger.find((entry) => isRelease(entry, release));
  const known = earlier ?? (await builtReleases(workspace))?.find((one) => isRelease(one, release));
  if (known !== undefined) {
    const { id, revision, createdAt, images, schema } = known;
    return { id, revision, createdAt, images, schema };
  }
  throw new Failure(`nothing is known of release ${release.id}: it is neither in the ledger nor among the builds`);
}
