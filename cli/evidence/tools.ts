/** The programs that evidence is collected with: the machine's own where they fit, or compiled ones. */
import * as path from "node:path";
import execa from "execa";
import semver from "semver";
import type { z } from "zod";
import { cacheRoot } from "../../toolchain/paths";
import { Failure } from "../failure";
import { loopbackExemptions } from "../../components/loopback";

/** Versions that are compiled; `toolchain/go-tools.ts` says the same. */
export const PINNED = { oras: "1.3.6", cosign: "3.1.3", syft: "1.57.0", trivy: "0.74.0" } as const;
export type EvidenceToolName = keyof typeof PINNED;

/** What prints a program's version, and nothing else of importance. */
const VERSION_ARGUMENTS: Readonly<Record<EvidenceToolName, readonly string[]>> = {
  oras: ["version"],
  cosign: ["version"],
  syft: ["version"],
  trivy: ["--version"],
};

/** Given to every run: caches below the one of Ralex, and no question about newer versions. */
const ENVIRONMENT = (): Readonly<Record<string, string>> => ({
  SYFT_CHECK_FOR_APP_UPDATE: "false",
  SYFT_CACHE_DIR: path.join(cacheRoot(), "syft"),
  TRIVY_SKIP_VERSION_CHECK: "true",
  TRIVY_DISABLE_TELEMETRY: "true",
  NO_COLOR: "1",
});
/**
 * An environment without the secrets of signing, the variable among them that `RALEX_SIGNING_KEY=env://NAME` names. No
 * program gets them but cosign: the password by its standard input, that variable where the key is used.
 */
export function withoutSigningSecrets(environment: NodeJS.ProcessEnv): Record<string, string> {
  const named = /^env:\/\/(.+)$/.exec(environment.RALEX_SIGNING_KEY ?? "")?.[1];
  const secrets = new Set(["COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY", named]);
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !secrets.has(entry[0]),
    ),
  );
}

export interface EvidenceTool {
  readonly name: EvidenceToolName;
  readonly program: string;
  readonly version: string;
}

/** A tool cannot be had on this machine, ended with an error, or said something that cannot be read. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** Whether a registry has said that it does not have what was asked for. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof ToolError && /not found|status code 404/i.test(error.message);

/** The version in what a program prints about itself, or undefined. */
export const versionIn = (text: string): string | undefined => /\bv?(\d+\.\d+\.\d+)\b/.exec(text)?.[1];

/** Whether an installed version takes the options that are used here: the same major version, and not older. */
export function fits(name: EvidenceToolName, version: string): boolean {
  return semver.satisfies(version, `>=${PINNED[name]} <${semver.major(PINNED[name]) + 1}`);
}

const known = new Map<EvidenceToolName, Promise<EvidenceTool>>();

/**
 * A program of the PATH when it is of the version that is used here or a newer one, and otherwise one that is compiled
 * for this machine, which takes minutes the first time. `RALEX_TOOLCHAIN=local` leaves the PATH out.
 * @throws ToolError when neither can be had
 */
export function evidenceTool(name: EvidenceToolName): Promise<EvidenceTool> {
  const found = known.get(name) ?? findTool(name);
  known.set(name, found);
  return found;
}

async function findTool(name: EvidenceToolName): Promise<EvidenceTool> {
  const installed = process.env.RALEX_TOOLCHAIN === "local" ? undefined : await versionOf(name, name);
  if (installed !== undefined && fits(name, installed)) return { name, program: name, version: installed };
  const { goTool } = await import("../../toolchain/go-tools");
  try {
    const program = await goTool(name);
    return { name, program, version: (await versionOf(name, program)) ?? PINNED[name] };
  } catch (error) {
    const present = installed === undefined ? "is not installed" : `is of version ${installed}`;
    const said = error instanceof Error ? error.message : String(error);
    throw new ToolError(`${name} ${present}; install ${PINNED[name]} or a newer one (compiling it failed: ${said})`);
  }
}

async function versionOf(name: EvidenceToolName, program: string): Promise<string | undefined> {
  const result = await execa(program, [...VERSION_ARGUMENTS[name]], {
    env: environmentOf(),
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  }).catch(() => undefined);
  return result === undefined || result.exitCode !== 0 ? undefined : versionIn(result.stdout);
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Given on standard input, where a secret is seen by nobody else. */
  readonly input?: string;
  readonly cwd?: string;
}

/** The environment of a tool: the process's own without the secrets of signing, and what is added to it. */
export function environmentOf(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...withoutSigningSecrets(process.env), ...loopbackExemptions(process.env), ...ENVIRONMENT(), ...own };
}

/** Runs a tool and returns its standard output. @throws ToolError with the end of what it said. */
export async function runTool(tool: EvidenceTool, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await execa(tool.program, [...args], {
    env: environmentOf(options.environment),
    extendEnv: false,
    reject: false,
    // Byte for byte: what is fetched is compared with what was kept.
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (!result.failed) return result.stdout;
  throw new ToolError(`${tool.name} ${args[0]} failed: ${lastLines(result.stderr)}`);
}

/** The end of an error's text, without what loggers put before it; warnings and empty lines are no news. */
export function lastLines(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^\S+Z\t(?:FATAL|ERROR)\t(?:Fatal error\t)?/, "").trim())
    .filter((line) => line !== "" && !/^(?:WARNING|\S+Z\tWARN)/.test(line));
  return lines.slice(-3).join(" | ").slice(0, 1500);
}

/** Makes a message for people of whatever was thrown. @throws the error itself where it is a fault of this program */
export function reasonFor(error: unknown): string {
  if (error instanceof ToolError || error instanceof Failure) return error.message;
  throw error;
}

/** Reads JSON of a known shape. @throws ToolError that names what it is and what is wrong with it */
export function readAs<Shape extends z.ZodType>(shape: Shape, text: string, what: string): z.infer<Shape> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ToolError(`${what} is no JSON: ${(error as Error).message}`);
  }
  const parsed = shape.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new ToolError(`${what} cannot be read: ${problems.join("; ")}`);
}
