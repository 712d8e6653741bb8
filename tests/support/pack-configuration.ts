import * as fs from "node:fs";
import * as path from "node:path";
import { CONFIGURATIONS } from "../../policy/knowledge/configuration-file";

/** What the policy pack is told of an environment in a copy of the checkout: no test has a database of vulnerabilities. */
export function configurePack(checkout: string, stack: string): void {
  const configuration = {
    vulnerabilityEvidence: "unavailable",
    hostAccessNamespaces: [`ralex-${stack}-observability`],
  };
  fs.writeFileSync(path.join(checkout, CONFIGURATIONS, `${stack}.json`), `${JSON.stringify(configuration, null, 2)}\n`);
}
