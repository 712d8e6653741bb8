/** The configuration files that the commands give to Pulumi, so that `git status` stays clean. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { z } from "zod";
import { encryptionIn } from "./backend/checkpoint";
import { Failure } from "./failure";
import { replaceFile } from "./replace-file";
import type { Workspace } from "./workspace";

/** What Pulumi itself keeps in a stack's file beside the configuration. */
const ENCRYPTION_KEYS = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

export interface StackFile {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

const STACK_FILE = z.looseObject({ config: z.record(z.string(), z.unknown()).nullish() }, "must be keys with values");

/** @throws Failure that names the file and the lines, and repeats nothing of it: a value may be a secret. */
function read(file: string): StackFile {
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(textOf(file), { lineCounter: counter, prettyErrors: false });
  const problems = document.errors.map(({ message, pos }) => `line ${counter.linePos(pos[0]).line}: ${message}`);
  if (problems.length > 0) throw new Failure(`${file} is not YAML:\n  ${problems.join("\n  ")}`);
  const { data, error } = STACK_FILE.safeParse(document.toJS() ?? {});
  if (error !== undefined) {
    const wrong = error.issues.map((issue) => [...issue.path, issue.message].join(": "));
    throw new Failure(`${file} is no configuration of a stack: ${wrong.join("; ")}`);
  }
  const { config, ...rest } = data;
  return { ...rest, ...(config == null ? {} : { config }) };
}

function textOf(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(fs.readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "it is not UTF-8: save it as UTF-8" : String(code);
    throw new Failure(`${file} cannot be read: ${reason}`);
  }
}

/** Every stack that somebody described, sorted. */
export const stackNames = (checkout: string): readonly string[] =>
  fs
    .readdirSync(checkout)
    .flatMap((name) => /^Pulumi\.([^.]+)\.yaml$/.exec(name)?.[1] ?? [])
    .sort();

/** A stack's committed file. @throws Failure when there is none: a stack nobody described is a typing error. */
export function committedFile(checkout: string, stack: string): StackFile {
  const file = path.join(checkout, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(file)) {
    const known = stackNames(checkout).join(", ");
    throw new Failure(`there is no Pulumi.${stack}.yaml: choose from ${known}, or write one`);
  }
  return read(file);
}

/** The file's content with the services running, or stopped. */
export const withRunning = (file: StackFile, running: boolean): StackFile => ({
  ...file,
  config: { ...file.config, "ralex:running": running },
});

const ownSettings = (file: StackFile, project: string): readonly (readonly [string, unknown])[] =>
  Object.entries(file.config ?? {})
    .filter(([key]) => key.startsWith(`${project}:`))
    .map(([key, value]) => [key.slice(project.length + 1), value]);

const isEncrypted = (value: unknown): boolean => typeof value === "object" && value !== null && "secure" in value;

/** A stack's settings as written, without the project's prefix; encrypted ones are left out. */
export const writtenSettings = (file: StackFile, project = "ralex"): Record<string, unknown> =>
  Object.fromEntries(ownSettings(file, project).filter(([, value]) => !isEncrypted(value)));

/** Names of the settings that a stack's file has encrypted. */
export const encryptedSettings = (file: StackFile, project = "ralex"): readonly string[] =>
  ownSettings(file, project).flatMap(([key, value]) => (isEncrypted(value) ? [key] : []));

/** What a command that was killed left of its own files is removed after this long, in milliseconds. */
const LEFT_MS = 24 * 60 * 60_000;

/**
 * Makes the stack if it is new, and writes a file for Pulumi: the given content, and the encryption of the committed
 * file, or else of the stack's own. The file is this command's alone, so that what it has looked at is what Pulumi gets,
 * whatever another command does meanwhile; it goes when the command ends.
 * @returns the path for `--config-file`.
 */
export async function prepareConfigFile(
  workspace: Workspace,
  project: string,
  stack: string,
  content: StackFile,
): Promise<string> {
  const hasEncryption = ENCRYPTION_KEYS.some((key) => key in content);
  const encryption = await encryptionOf(workspace, project, stack);
  const file = path.join(commandFolder(workspace), `Pulumi.${project}.${stack}.yaml`);
  fs.writeFileSync(file, yaml.stringify({ ...content, ...(hasEncryption ? {} : encryption) }), { mode: 0o600 });
  return file;
}

/**
 * The encryption of a stack: what its state has, or else what is kept under `.ralex/` from when it was made, since a new
 * stack's state does not have it yet. Makes a new stack.
 */
async function encryptionOf(workspace: Workspace, project: string, stack: string): Promise<StackFile> {
  const deployment = await workspace.backend.deployment({ project, stack });
  const recorded = deployment === undefined ? undefined : encryptionIn(deployment);
  if (recorded !== undefined) return { ...recorded };
  const file = workspace.path(`Pulumi.${project}.${stack}.yaml`);
  // A file of another backend's stack has another stack's encryption.
  const isKept = deployment !== undefined && fs.existsSync(file);
  const own = isKept ? read(file) : await makeStack(workspace, project, stack);
  const encryption = Object.fromEntries(ENCRYPTION_KEYS.flatMap((key) => (key in own ? [[key, own[key]]] : [])));
  if (!isKept) replaceFile(file, yaml.stringify(encryption), 0o600);
  return encryption;
}

const commandFolders = new Map<string, string>();

/** The folder of this process under `.ralex/run`; it goes with the process. */
export function commandFolder(workspace: Workspace): string {
  const runs = workspace.path("run");
  const known = commandFolders.get(runs);
  if (known !== undefined) return known;
  fs.mkdirSync(runs, { recursive: true, mode: 0o700 });
  for (const name of fs.readdirSync(runs)) {
    const left = path.join(runs, name);
    const changed = fs.statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (Date.now() - changed > LEFT_MS) fs.rmSync(left, { recursive: true, force: true });
  }
  const folder = fs.mkdtempSync(path.join(runs, "command-"));
  commandFolders.set(runs, folder);
  process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
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
