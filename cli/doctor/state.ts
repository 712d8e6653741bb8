/** Whether the plugins that serve this machine can work with what is in the stacks' state. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { MARK, MARK_VALUE } from "../../toolchain/pulumi/plugins/support/mark";
import type { MachineCheck } from "../../toolchain/describe";
import { backendFolder } from "../local-backend";

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

/** A check for each stack of a checkout's backend, as far as it is a folder: nothing else is asked. */
export function stateChecks(checkout: string, served: boolean, backend?: string): readonly MachineCheck[] {
  const url = backend ?? `file://${path.join(checkout, ".ralex/state")}`;
  const local = backendFolder(url);
  if (local === undefined) {
    return [{ name: "state", ok: true, detail: `not looked at: it is kept at ${url.split("?")[0]}` }];
  }
  const folder = path.join(local, "stacks");
  return files(folder).map((file) => {
    const stack = path.relative(folder, file).replace(/\.json$/, "");
    try {
      return stateCheck(stack, writersOf(fs.readFileSync(file, "utf8")), served);
    } catch (error) {
      const detail = `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      return { name: `state of ${stack}`, ok: false, detail, remedy: "pulumi stack import takes a repaired one" };
    }
  });
}

const files = (folder: string): readonly string[] =>
  !fs.existsSync(folder)
    ? []
    : fs
        .readdirSync(folder, { withFileTypes: true })
        .flatMap((entry) => {
          const full = path.join(folder, entry.name);
          if (entry.isDirectory()) return files(full);
          return entry.name.endsWith(".json") ? [full] : [];
        })
        .sort();
