/**
 * Compiles what the tiers of a run need, in their order: `compile-ahead.ts <module>…`. The runner starts it at the lowest
 * priority while the first tiers run, so that on a machine that has nothing yet the last ones find most of it done. What
 * fails here is tried again, and told, by the tier that needs it.
 */
import { goModules, type GoModuleName } from "../../toolchain/go-tools";

void goModules(process.argv.slice(2) as GoModuleName[]).catch(() => undefined);
