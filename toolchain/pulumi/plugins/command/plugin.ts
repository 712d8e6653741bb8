/** Stand-in for the command plugin: commands on this machine. */
import type { Plugin } from "../support/plugin";
import type { PackageTable } from "../support/tables";
import { command } from "./command";
import table from "../tables/command.json";

export const plugin: Plugin = {
  table: table as PackageTable,
  config: [],
  resources: { "command:local:Command": command },
};
