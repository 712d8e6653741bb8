/** How a second checkout runs a stack of its own beside that of the first. */
import * as fs from "node:fs";
import * as path from "node:path";
import { commandLine, ralex } from "../../../components/command-line";
import { PORT_SETTINGS } from "../../../components/settings/docker";
import type { Settings } from "../../../components/settings/schema";

/** What is free on the engine and on this machine. */
export interface FreeChoice {
  readonly subnet: string | undefined;
  readonly isFree: (port: number) => Promise<boolean>;
}

/** Ports are moved by a multiple of this, all by the same. */
const STEP = 100;

/** One paragraph, to be pasted line by line; none where nothing is free. */
export async function besideSteps(
  checkout: string,
  stack: string,
  settings: Settings,
  free: FreeChoice,
): Promise<readonly string[]> {
  const offset = await freeOffset(settings, free);
  if (offset === undefined || free.subnet === undefined) return [];
  const name = newName(checkout, stack);
  const file = `Pulumi.${name}.yaml`;
  const lines = [
    ...PORT_SETTINGS.map((setting) => `ralex:${setting}: ${settings[setting] + offset}`),
    `ralex:subnet: ${free.subnet}`,
  ];
  return [
    `or run one beside it, under another name, on other ports and another subnet:\n` +
      `    ${commandLine("cd", checkout)}\n` +
      `    ${commandLine("cp", `Pulumi.${stack}.yaml`, file)}\n` +
      `  put these lines under config: in ${file}, in the place of those that are there,\n` +
      lines.map((line) => `    ${line}\n`).join("") +
      `  and start it:\n` +
      `    ${ralex("start", "-s", name)}`,
  ];
}

function newName(checkout: string, stack: string): string {
  const isTaken = (name: string): boolean => fs.existsSync(path.join(checkout, `Pulumi.${name}.yaml`));
  let number = 2;
  while (isTaken(`${stack}-${number}`)) number += 1;
  return `${stack}-${number}`;
}

async function freeOffset(settings: Settings, { isFree }: FreeChoice): Promise<number | undefined> {
  const present = PORT_SETTINGS.map((setting) => settings[setting]);
  for (let offset = STEP; Math.max(...present) + offset <= 65_535; offset += STEP) {
    const moved = present.map((port) => port + offset);
    if (moved.some((port) => present.includes(port))) continue;
    const answers = await Promise.all(moved.map(isFree));
    if (answers.every(Boolean)) return offset;
  }
  return undefined;
}
