import type { Plugin } from "../support/plugin";
import type { PackageTable } from "../support/tables";
import table from "../tables/random.json";
export const plugin: Plugin = { table: table as PackageTable, config: [], resources: {} };
