import type { Command } from "commander";
import { prepareMachine } from "./machine";

/** What `pulumi` by hand needs to find the same tools, backend, passphrase, engine and images as the commands. */
const SHOWN = [
  ...["PATH", "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "BUILDKIT_HOST"],
  ...["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "RALEX_IMAGES_LOCK"],
] as const;

/** `eval "$(./ralex env)"`: afterwards `pulumi preview -s dev` works in this shell. */
export function registerEnv(program: Command, checkout: string): void {
  program
    .command("env")
    .description('print what a shell needs to run pulumi by hand: eval "$(./ralex env)"')
    .action(async () => {
      const { workspace } = await prepareMachine(checkout, {});
      const { environment } = workspace;
      const names = Object.keys(workspace.tools.env).filter((name) => name.startsWith("PULUMI_"));
      // A variable of the shell that would lead a program elsewhere.
      for (const [name, value] of Object.entries(workspace.tools.env)) {
        if (value === undefined && process.env[name] !== undefined) console.log(`unset ${name}`);
      }
      for (const name of new Set([...SHOWN, ...names])) {
        const value = environment[name];
        if (value !== undefined) console.log(`export ${name}='${value.replaceAll("'", `'\\''`)}'`);
      }
    });
}
