import type { Command } from "commander";
import { EXEMPTIONS } from "../components/loopback";
import { prepareMachine } from "./machine";
import { commandLine } from "../components/command-line";
import { stackNames } from "./stack-config";
import type { Workspace } from "./workspace";

/** What `pulumi` by hand needs to find the same tools, backend, passphrase, engine and images as the commands. */
const SHOWN = [
  ...["PATH", "PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "BUILDKIT_HOST"],
  ...["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "RALEX_IMAGES_LOCK"],
  ...EXEMPTIONS,
];

/** `eval "$(./ralex env)"`: afterwards `pulumi preview -s dev` works in this shell. */
export function registerEnv(program: Command, checkout: string): void {
  program
    .command("env")
    .description('print what a shell needs to run pulumi by hand: eval "$(./ralex env)"')
    .action(async () => {
      const { workspace } = await prepareMachine(checkout, { stacks: stackNames(checkout) });
      console.log(exportsOf(workspace).join("\n"));
    });
}

/** Assignments for a POSIX shell. */
export function exportsOf({ environment, tools }: Pick<Workspace, "environment" | "tools">): readonly string[] {
  const names = Object.keys(tools.env).filter((name) => name.startsWith("PULUMI_"));
  // A variable of the shell that would lead a program elsewhere.
  const unset = Object.entries(tools.env).flatMap(([name, value]) =>
    value === undefined && process.env[name] !== undefined ? [`unset ${name}`] : [],
  );
  const set = [...new Set([...SHOWN, ...names])].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [`export ${name}=${commandLine(value)}`];
  });
  return [...unset, ...set];
}
