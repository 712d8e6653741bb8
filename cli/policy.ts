import Table from "cli-table3";
import type { Command } from "commander";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import type { Checked } from "./policy/checked";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";

/** `./ralex policy list` and `./ralex policy check`. */
export function registerPolicy(program: Command, checkout: string): void {
  const policy = program.command("policy").description("the rules about what must not ship");
  policy
    .command("list")
    .description("show every rule with its level, in development and where releases are promoted to")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: true }) => {
      const [{ catalogueOf }, { RULES }] = await Promise.all([
        import("../policy/catalogue"),
        import("../policy/rules"),
      ]);
      const rules = catalogueOf(RULES);
      if (json === true) {
        console.log(JSON.stringify(rules, null, 2));
        return;
      }
      const table = new Table({ head: ["", "rule", "severity", "dev", "promoted"], style: { head: [], border: [] } });
      for (const { id, title, severity, development, promoted } of rules) {
        table.push([id, title, severity, development, promoted]);
      }
      console.log(table.toString());
    });
  policy
    .command("check")
    .description("judge Kubernetes manifests and Compose files, or what a stack has deployed")
    .argument("[files...]", "Kubernetes manifests and Compose files")
    .option("-s, --stack <stack>", "an environment, by its state")
    .option("--json", "print JSON")
    .action(async (files: readonly string[], { stack, json }: { stack?: string; json?: true }) => {
      if ((stack === undefined) === (files.length === 0)) {
        throw new Failure("name files to check, or an environment with --stack, and not both");
      }
      const checked = stack === undefined ? await ofFiles(checkout, files) : await ofStack(checkout, stack);
      const { isRefused, reportOf, shownReport } = await import("./policy/checked");
      console.log(json === true ? JSON.stringify(reportOf(checked), null, 2) : shownReport(checked));
      if (isRefused(checked)) process.exitCode = EXIT.refused;
    });
}

async function ofFiles(checkout: string, files: readonly string[]): Promise<Checked> {
  const { checkFiles } = await import("./policy/check-files");
  return checkFiles(checkout, files);
}

async function ofStack(checkout: string, stack: string): Promise<Checked> {
  const settings = settingsOf(checkout, stack, committedFile(checkout, stack));
  const { workspace } = await prepareMachine(checkout, {});
  const { checkStack } = await import("./policy/check-stack");
  return checkStack(workspace, stack, settings);
}
