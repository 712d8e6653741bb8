/** Whether the plugins that serve this machine can work with what is in the stacks' state. */
import * as path from "node:path";
import { z } from "zod";
import { commandLine, ralex } from "../../components/command-line";
import type { MachineCheck } from "../../toolchain/describe";
import { shownAddress } from "../backend/address";
import type { StackId } from "../backend/backend";
import { isDead, isOfThisHost, shownOwner, type Lock } from "../backend/lock";
import { openStored } from "../backend/open";
import type { StoredBackend } from "../backend/stored";
import { Failure } from "../failure";
import { mismatchOf, writersOf, type Writers } from "../state-writers";

const STATE = z.looseObject({
  checkpoint: z.looseObject({
    latest: z
      .looseObject({
        resources: z
          .array(
            z.looseObject({
              type: z.string(),
              custom: z.boolean().optional(),
              outputs: z.record(z.string(), z.unknown()).optional(),
            }),
          )
          .nullish(),
      })
      .nullish(),
  }),
});

/** @throws Error when the text is no state. */
export const writersIn = (text: string): Writers =>
  writersOf(STATE.parse(JSON.parse(text)).checkpoint.latest?.resources ?? []);

/** @param served - whether stand-ins serve this machine, or official plugins do. */
export function stateCheck(stack: string, writers: Writers, served: boolean): MachineCheck {
  const name = `state of ${stack}`;
  const mismatch = mismatchOf(writers, served);
  if (mismatch !== undefined) return { name, ok: false, ...mismatch };
  const detail =
    writers.official + writers.standIns === 0
      ? "empty"
      : `written by the ${served ? "stand-in" : "official"} plugins that serve here`;
  return { name, ok: true, detail };
}

/** Checks of a backend: whether it answers, what is locked and whose plugins wrote its stacks. Nothing is changed. */
export async function stateChecks(
  checkout: string,
  served: boolean,
  backend?: string,
): Promise<readonly MachineCheck[]> {
  const url = backend ?? `file://${path.join(checkout, ".ralex/state")}`;
  try {
    const opened = openStored(url);
    if (opened === undefined) return [otherBackend(url)];
    await opened.reach();
    const locks = await opened.locks();
    return [
      { name: "backend", ok: true, detail: `${opened.address} answers` },
      ...(await Promise.all(locks.map(lockCheck))),
      ...(await Promise.all((await opened.stacks()).map((id) => checkOf(opened, id, served)))),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [
      { name: "backend", ok: false, detail: error.message, remedy: "docs/backends.md has what each backend needs" },
    ];
  }
}

/** A service, or a bucket that Pulumi alone reads; the doctor has no Pulumi to ask. */
function otherBackend(url: string): MachineCheck {
  const ask = commandLine("pulumi", "whoami", "--verbose");
  return {
    name: "backend",
    ok: true,
    detail: `${shownAddress(url)}, which is not looked at here: ${ask} tells whether it answers`,
  };
}

async function lockCheck(lock: Lock): Promise<MachineCheck> {
  const name = `lock of ${lock.project}/${lock.stack}`;
  if (await isDead(lock)) return { name, ok: true, detail: `${shownOwner(lock)}; gone: the next command removes it` };
  const detail = isOfThisHost(lock)
    ? `${shownOwner(lock)}, which works on it`
    : `${shownOwner(lock)}; if that is gone: ${ralex("unlock", lock.id)}`;
  return { name, ok: true, detail };
}

async function checkOf(backend: StoredBackend, id: StackId, served: boolean): Promise<MachineCheck> {
  const stack = `${id.project}/${id.stack}`;
  try {
    return stateCheck(stack, writersIn((await backend.stateText(id)) ?? '{"checkpoint":{}}'), served);
  } catch (error) {
    const detail = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { name: `state of ${stack}`, ok: false, detail, remedy: "pulumi stack import takes a repaired one" };
  }
}
