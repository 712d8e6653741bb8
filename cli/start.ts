import * as path from "node:path";
import type { Command } from "commander";
import { ralex } from "../components/command-line";
import { prepareMachine } from "./machine";
import { OWN_PACK } from "./plan/policy-packs";
import { settingsOf } from "./settings";
import { committedFile, withRunning } from "./stack-config";
import { prepareSource } from "./source/context";
import { readOutputs, type Outputs } from "./outputs";
import { REFRESH, updateImages, updateStack } from "./update";
import type { Placement } from "../components/app/placement";
import { openTarget, placementFor } from "./targets";

/** `./ralex start`: what `npm start` runs. */
export function registerStart(program: Command, checkout: string): void {
  program
    .command("start")
    .description("bring the stack up, wait until it is ready, and say where it is")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--refresh", "put right what was changed by hand too (./ralex drift shows it)")
    .action(async ({ stack, refresh }: { stack: string; refresh?: true }) => {
      const file = committedFile(checkout, stack);
      // Wrong settings are told before anything is installed or built.
      const settings = settingsOf(checkout, stack, file);
      const source = settings.release === undefined ? await prepareSource(checkout, settings) : undefined;
      const needs = { stacks: [stack], images: true, workingTree: settings.release === undefined };
      const machine = await prepareMachine(checkout, needs);
      // Before a build that takes minutes; the update asks again.
      const target = await openTarget(machine.workspace, settings.target);
      await target.preflight(stack, settings);
      if (settings.release === undefined) await updateImages(machine, source);
      const judged = ["--policy-pack", path.join(checkout, OWN_PACK)];
      await updateStack(machine, stack, withRunning(file, true), [...judged, ...(refresh === true ? [REFRESH] : [])]);
      const [outputs, report] = await Promise.all([
        readOutputs(machine.workspace, stack),
        target.report(stack, settings),
      ]);
      const ask = (name: string) =>
        outputs.elsewhere?.[name] ?? ralex("output", name, ...(stack === "dev" ? [] : ["-s", stack]));
      const { standIns } = machine.workspace.tools;
      const lines = [
        `Open WebUI   ${outputs.webUrl}  (sign in as ${outputs.adminEmail}; ${ask("adminPassword")})`,
        `API          ${outputs.apiUrl}  (${ask("apiKey")})`,
        `TLS          ${outputs.tlsUrl}  (${ask("caCertificate")} is the authority to trust)`,
        ...report,
        ...operatorLines(outputs, await placementFor(settings), ask("operatorPassword")),
        ...(outputs.substitutes.length === 0
          ? []
          : [`substitutes built on this machine: ${outputs.substitutes.join(", ")}`]),
        ...(outputs.imageLock === "named"
          ? ["third-party images are those of the lock that RALEX_IMAGES_LOCK names"]
          : []),
        ...(standIns.length === 0 ? [] : [`stand-in Pulumi plugins: ${standIns.join(", ")}`]),
        ...outputs.omissions,
        ...(outputs.verification.passed
          ? [`verified at ${outputs.verification.at}; ${ralex("publish", "-s", stack)} records it in the ledger`]
          : []),
      ];
      console.log(`\nRalex (${stack}) is ready.\n  ${lines.join("\n  ")}`);
    });
}

/** Where an operator looks, of what runs and is open. */
function operatorLines({ services }: Outputs, { urls }: Placement, password: string): readonly string[] {
  const pages = [
    ["Prometheus", services.prometheus, urls.prometheus, ""],
    ["Logs", services.victorialogs, urls.logs, "/select/vmui"],
    ["Grafana", services.grafana, urls.grafana, ""],
  ] as const;
  const open = pages.filter(([, service, addresses]) => service !== undefined && addresses !== undefined);
  return open.map(([name, , addresses, path], index) => {
    const how = index === 0 ? `user operator; ${password}` : "the same";
    return `${name.padEnd(12)} ${addresses?.[0]}${path}  (${how})`;
  });
}
