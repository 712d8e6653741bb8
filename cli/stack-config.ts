/** The configuration files that the commands give to Pulumi, so that `git status` stays clean. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { Failure } from "./failure";
import { knowsStack, localBackend } from "./local-backend";
import type { Workspace } from "./workspace";

/** What Pulumi itself keeps in a stack's file beside the configuration. */
const ENCRYPTION_KEYS = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

export interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

const read = (file: string): StackFile => (yaml.parse(fs.readFileSync(file, "utf8")) as StackFile | null) ?? {};

/** A stack's committed file. @throws Failure when there is none: a stack nobody described is a typing error. */
export function committedFile(checkout: string, stack: string): StackFile {
  const file = path.join(checkout, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(file)) {
    const known = fs
      .readdirSync(checkout)
      .flatMap((name) => /^Pulumi\.([^.]+)\.yaml$/.exec(name)?.[1] ?? [])
      .sort();
    throw new Failure(`there is no Pulumi.${stack}.yaml: choose from ${known.join(", ")}, or write one`);
  }
  return read(file);
}

/** The file's content with the services running, or stopped. */
export const withRunning = (file: StackFile, running: boolean): StackFile => ({
  ...file,
  config: { ...file.config, "ralex:running": running },
});

/** A stack's settings as written, without the project's prefix; encrypted ones are left out. */
export function writtenSettings(file: StackFile, project = "ralex"): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(file.config ?? {})
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, value]): [string, unknown] => [key.slice(project.length + 1), value])
      .filter(([, value]) => !(typeof value === "object" && value !== null && "secure" in value)),
  );
}

/**
 * Makes the stack if it is new, and writes its file under `.ralex/`: the committed content, and the encryption of the
 * committed file, or else of the stack's own.
 * @returns the path for `--config-file`.
 */
export async function prepareConfigFile(
  workspace: Workspace,
  project: string,
  stack: string,
  content: StackFile,
): Promise<string> {
  const file = workspace.path(`Pulumi.${project}.${stack}.yaml`);
  const backend = localBackend(workspace);
  // A file of another backend's stack has another stack's encryption.
  const isMade = backend === undefined || knowsStack(backend, project, stack);
  const known = isMade && fs.existsSync(file);
  const own = known ? read(file) : await makeStack(workspace, project, stack);
  const written: Record<string, unknown> = { ...content };
  if (!ENCRYPTION_KEYS.some((key) => key in content)) {
    for (const key of ENCRYPTION_KEYS) if (own[key] !== undefined) written[key] = own[key];
  }
  const text = yaml.stringify(written);
  if (!known || fs.readFileSync(file, "utf8") !== text) {
    // Each command its own: two at once must not take each other's away.
    const fresh = `${file}.${process.pid}.new`;
    fs.writeFileSync(fresh, text, { mode: 0o600 });
    fs.renameSync(fresh, file);
  }
  return file;
}

/** Makes a stack from a folder of its own, since `pulumi stack init` writes into the project's folder. */
async function makeStack(workspace: Workspace, project: string, stack: string): Promise<StackFile> {
  const folder = workspace.path("init", project);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), yaml.stringify({ name: project, runtime: "nodejs" }));
  await workspace.capture(["stack", "select", "--create", "--stack", stack], folder);
  const made = path.join(folder, `Pulumi.${stack}.yaml`);
  return fs.existsSync(made) ? read(made) : {};
}
