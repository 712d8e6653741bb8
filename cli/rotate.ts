import type { Command } from "commander";
import { ralex } from "../components/command-line";
import type { Settings } from "../components/settings/schema";
import { EXIT, Failure } from "./failure";
import { prepareMachine } from "./machine";
import { settingsOf } from "./settings";
import { committedFile } from "./stack-config";
import { PROJECT } from "./project";
import { updateStack } from "./update";
import type { Workspace } from "./workspace";

/** Name of the component that holds the generated secrets, and the start of theirs. */
const SECRETS = "ralex-secrets-";
/** Where Grafana keeps its password; it is there while the stack is stopped, too. */
const GRAFANA_VOLUME = "ralex-volume-grafana";

interface Options {
  readonly stack: string;
  readonly exceptGrafana?: true;
  readonly exceptPostgres?: true;
}

/** `./ralex rotate <secret>`: makes a new value and brings it to every service that uses it. */
export function registerRotate(program: Command, checkout: string): void {
  program
    .command("rotate")
    .description("replace a generated secret; every service that uses it is replaced with it")
    .argument("<secret>", "a generated secret, apiKey for instance")
    .option("-s, --stack <stack>", "the environment", "dev")
    .option("--except-grafana", "operatorPassword: go on where Grafana keeps the password of its first start")
    .option("--except-postgres", "superuserPassword: go on where Postgres keeps the password of its first start")
    .action(async (secret: string, { stack, exceptGrafana, exceptPostgres }: Options) => {
      const file = committedFile(checkout, stack);
      const settings = settingsOf(checkout, stack, file);
      refuse(keptElsewhere(secret, stack, settings));
      refuse(keptByOpenWebui(secret));
      refuse(ofStoreAway(secret, settings));
      if (exceptPostgres !== true) refuse(keptByPostgres(secret, stack));
      const machine = await prepareMachine(checkout, { docker: true, stacks: [stack] });
      const urns = await urnsOf(machine.workspace, stack);
      if (exceptGrafana !== true) refuse(keptByGrafana(secret, urns));
      const urn = urnOf(urns, stack, secret);
      // The update protects the new one again.
      const name = await machine.workspace.stackName(PROJECT, stack);
      await machine.workspace.capture(["state", "unprotect", urn, "--yes", "--stack", name]);
      await updateStack(machine, stack, file, ["--replace", urn]);
      console.log(`${secret} of ${stack} has a new value.`);
    });
}

/** What somebody else makes, somebody else replaces. */
export function keptElsewhere(
  secret: string,
  stack: string,
  { existingSecret, release }: Pick<Settings, "existingSecret" | "release">,
): string | undefined {
  if (existingSecret === undefined) return undefined;
  return (
    `${secret} was not replaced: it is in the Secret ${existingSecret}, which the stack reads and never writes. Give it a new ` +
    `value where that Secret is made; ${ralex(release === undefined ? "start" : "deploy", "-s", stack)} then replaces the ` +
    "pods that read it. docs/kubernetes.md says what adminPassword and superuserPassword take beside that"
  );
}

/** Generated secrets of the stack's own stores, and the settings of those that take their place. */
const STORES = {
  superuserPassword: { store: "Postgres", url: "postgresUrl", password: "postgresPassword" },
  redisPassword: { store: "Redis", url: "redisUrl", password: "redisPassword" },
} as const;

/** The own store's data stay with the password that they have, and nobody would use a new one. */
export function ofStoreAway(secret: string, settings: Pick<Settings, "postgresUrl" | "redisUrl">): string | undefined {
  const own = (STORES as Readonly<Record<string, (typeof STORES)[keyof typeof STORES]>>)[secret];
  if (own === undefined || settings[own.url] === undefined) return undefined;
  const { store, url, password } = own;
  return (
    `${secret} was not replaced: it is that of the stack's own ${store}, which does not run while ${url} is set. The ` +
    `password of ${url} is a setting: pulumi config set --secret ralex:${password}, then start or deploy again`
  );
}

/** @throws Failure with the reason, if there is one. */
function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new Failure(reason, EXIT.refused);
}

/** Open WebUI makes its administrator where its database has no user yet, and never looks at the password again. */
function keptByOpenWebui(secret: string): string | undefined {
  if (secret !== "adminPassword") return undefined;
  return (
    "adminPassword was not replaced: Open WebUI takes it at its first start only, so the old one would stay valid. " +
    "Change it in the browser, under Settings > Account; ./ralex output adminPassword goes on showing the first one"
  );
}

/**
 * The job that sets every other password logs in with this one, so it would be locked out. Only who is in Postgres'
 * container, where no password is asked for, can give it a new one.
 */
export function keptByPostgres(secret: string, stack: string): string | undefined {
  if (secret !== "superuserPassword") return undefined;
  return (
    "superuserPassword was not replaced: Postgres takes it with a new volume only, and the job that makes roles and " +
    "databases would be refused with a new one. Nothing else uses it, and it serves inside the private network only. " +
    `To replace it all the same: ${ralex("rotate", "superuserPassword", "-s", stack, "--except-postgres")}, which fails where that ` +
    `job is refused; then docker exec ralex-${stack}-postgres sh /etc/ralex/set-superuser-password.sh; then start or ` +
    "deploy again"
  );
}

/**
 * Grafana keeps the password of its first start too. The edge in front of Prometheus and the logs takes a new one, so
 * the rotation is of use there, but the old password, which the change in Grafana asks for, is gone afterwards.
 */
export function keptByGrafana(secret: string, urns: readonly string[]): string | undefined {
  if (secret !== "operatorPassword" || !urns.some((urn) => nameOf(urn) === GRAFANA_VOLUME)) return undefined;
  return (
    "operatorPassword was not replaced: Grafana takes it at its first start only, so the old one would stay valid there. " +
    "Change it there in the browser first, under Profile > Change password; then " +
    "./ralex rotate operatorPassword --except-grafana replaces that of Prometheus and the logs"
  );
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

async function urnsOf(workspace: Workspace, stack: string): Promise<readonly string[]> {
  const args = ["stack", "export", "--stack", await workspace.stackName(PROJECT, stack)];
  const state = JSON.parse(await workspace.capture(args)) as {
    deployment: { resources?: readonly { urn: string }[] };
  };
  return (state.deployment.resources ?? []).map(({ urn }) => urn);
}

function urnOf(urns: readonly string[], stack: string, secret: string): string {
  const secrets = urns.filter((urn) => nameOf(urn).startsWith(SECRETS));
  const urn = secrets.find((one) => nameOf(one) === `${SECRETS}${secret}`);
  if (urn !== undefined) return urn;
  const known = secrets.map((one) => nameOf(one).slice(SECRETS.length)).sort();
  throw new Failure(
    `${stack} has no generated secret ${secret}; it has ${known.join(", ") || "none: it was never started"}`,
  );
}
