/** Whether the plugins that serve this machine can work with what is in the stacks' state. */
import * as path from "node:path";
import { z } from "zod";
import { commandLine, ralex } from "../../components/command-line";
import { MARK, MARK_VALUE } from "../../toolchain/pulumi/plugins/support/mark";
import type { MachineCheck } from "../../toolchain/describe";
import { shownAddress } from "../backend/address";
import type { StackId } from "../backend/backend";
import { isDead, isOfThisHost, shownOwner, type Lock } from "../backend/lock";
import { openStored } from "../backend/open";
import type { StoredBackend } from "../backend/stored";
import { Failure } from "../failure";

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

/**
 * Who wrote the resources of a state that plugins manage. Providers and stack references are the engine's own, and the
 * checkout's provider is the same everywhere.
 */
export interface Writers {
  readonly official: number;
  readonly standIns: number;
}

/** @throws Error when the text is no state. */
export function writersOf(text: string): Writers {
  const resources = STATE.parse(JSON.parse(text)).checkpoint.latest?.resources ?? [];
  const managed = resources.filter(({ type, custom }) => custom === true && !/^(pulumi|ralex):/.test(type));
  const standIns = managed.filter(({ outputs }) => outputs?.[MARK] === MARK_VALUE).length;
  return { official: managed.length - standIns, standIns };
}

/** @param served - whether stand-ins serve this machine, or official plugins do. */
export function stateCheck(stack: string, { official, standIns }: Writers, served: boolean): MachineCheck {
  const name = `state of ${stack}`;
  const wrong = served ? official : standIns;
  if (wrong === 0) {
    const detail =
      official + standIns === 0
        ? "empty"
        : `written by the ${served ? "stand-in" : "official"} plugins that serve here`;
    return { name, ok: true, detail };
  }
  return served
    ? {
        name,
        ok: false,
        detail: `${wrong} resources were written by official plugins, and stand-ins serve here: they leave such state alone`,
        remedy: "work on it where the official Pulumi CLI is installed, or use another stack here",
      }
    : {
        name,
        ok: false,
        detail: `${wrong} resources were written by stand-in plugins, and official ones serve here: do not update it here`,
        remedy: "remove the stack where it was made (./ralex reset), or say RALEX_TOOLCHAIN=local there and here",
      };
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
    return stateCheck(stack, writersOf((await backend.stateText(id)) ?? '{"checkpoint":{}}'), served);
  } catch (error) {
    const detail = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { name: `state of ${stack}`, ok: false, detail, remedy: "pulumi stack import takes a repaired one" };
  }
}
