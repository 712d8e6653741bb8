/**
 * Compiles what the tiers of a run need, in their order: `compile-ahead.ts <module>…`. The runner starts it at the lowest
 * priority while the first tiers run, so that on a machine that has nothing yet the last ones find most of it done. What
 * fails here is tried again, and told, by the tier that needs it.
 */
import { goModule, GO_MODULES, type GoModuleName } from "../../toolchain/go-tools";

async function compile(names: readonly string[]): Promise<void> {
  for (const name of names.filter((one): one is GoModuleName => one in GO_MODULES)) await goModule(name);
}

void compile(process.argv.slice(2)).catch(() => undefined);
