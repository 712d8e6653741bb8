/** Whether the plugins that serve this machine can work with what is in the stacks' state. */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import type { MachineCheck } from "../../toolchain/describe";
import { backendFolder } from "../local-backend";
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
      return stateCheck(stack, writersIn(fs.readFileSync(file, "utf8")), served);
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
