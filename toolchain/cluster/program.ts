/** A program that the cluster's namespaces keep running: one small script each, which an init starts. */
import * as fs from "node:fs";
import * as path from "node:path";
import { commandLine } from "../../components/command-line";

export interface Program {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** A file, or socket, that has to be there before. */
  readonly waitsFor?: string;
}

/** `--name=value` for each. */
export const flags = (values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** What an init runs, and runs again when it ends. */
export function programScript({ command, waitsFor }: Program): string {
  const wait = waitsFor === undefined ? "" : `until [ -e ${commandLine(waitsFor)} ]; do sleep 0.05; done\n`;
  return `#!/bin/sh\n${wait}exec ${commandLine(...command)}\n`;
}

export function writePrograms(folder: string, programs: readonly Program[]): void {
  const scripts = path.join(folder, "programs");
  fs.rmSync(scripts, { recursive: true, force: true });
  fs.mkdirSync(scripts, { recursive: true });
  for (const program of programs) {
    fs.writeFileSync(path.join(scripts, program.name), programScript(program), { mode: 0o755 });
  }
}
