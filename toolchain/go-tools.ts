/** Tools that are built from the Go module proxy, pinned by the go.mod and go.sum under toolchain/go/. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import semver from "semver";
import { cached, cachedFolder, recipeKey } from "./cache";
import { withLock } from "./lock";
import { cacheRoot } from "./paths";
import { progress } from "./progress";

interface GoModule {
  readonly version: string;
  /** Import paths of the commands, by the name of the program. */
  readonly programs: Readonly<Record<string, string>>;
  readonly linkerFlags: string;
  /** Added to the environment of the Go commands. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Measured on two cores, nothing cached: fetching the modules, then compiling. */
  readonly expectedSeconds: number;
  /** `true` for what a start never needs: it is compiled by the command that uses it, and no machine lacks it. */
  readonly onDemand?: true;
}

const PULUMI = "3.259.0";

export const GO_MODULES = {
  pulumi: {
    version: PULUMI,
    programs: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    // Without it the program reports a development version, and the engine asks plugins for one.
    linkerFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`,
    expectedSeconds: 225,
  },
  buildkit: {
    version: "0.34.2",
    programs: {
      buildkitd: "github.com/moby/buildkit/cmd/buildkitd",
      buildctl: "github.com/moby/buildkit/cmd/buildctl",
    },
    linkerFlags: "-s -w",
    expectedSeconds: 100,
  },
  "victoria-logs": {
    version: "1.121.0",
    programs: { "victoria-logs": "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs" },
    linkerFlags: "-s -w",
    expectedSeconds: 15,
  },
  // The peer of a benchmark.
  compose: {
    version: "2.40.3",
    programs: { "docker-compose": "github.com/docker/compose/v2/cmd" },
    linkerFlags: "-s -w -X github.com/docker/compose/v2/internal.Version=v2.40.3",
    expectedSeconds: 80,
    onDemand: true,
  },
  // Evidence of what was built: registries, signatures, parts lists and scans.
  oras: {
    version: "1.3.6",
    programs: { oras: "oras.land/oras/cmd/oras" },
    linkerFlags: "-s -w",
    expectedSeconds: 15,
    onDemand: true,
  },
  cosign: {
    version: "3.1.3",
    programs: { cosign: "github.com/sigstore/cosign/v3/cmd/cosign" },
    linkerFlags: "-s -w",
    expectedSeconds: 240,
    onDemand: true,
  },
  syft: {
    version: "1.57.0",
    programs: { syft: "github.com/anchore/syft/cmd/syft" },
    linkerFlags: "-s -w -X main.version=1.57.0",
    expectedSeconds: 130,
    onDemand: true,
  },
  trivy: {
    version: "0.74.0",
    programs: { trivy: "github.com/aquasecurity/trivy/cmd/trivy" },
    linkerFlags: "-s -w -X github.com/aquasecurity/trivy/pkg/version/app.ver=0.74.0",
    environment: { GOEXPERIMENT: "jsonv2" },
    expectedSeconds: 390,
    onDemand: true,
  },
  // An S3 server over a folder, for the tests of a backend in a bucket.
  versitygw: {
    version: "1.8.0",
    programs: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
    linkerFlags: "-s -w",
    expectedSeconds: 90,
    onDemand: true,
  },
} as const satisfies Record<string, GoModule>;

export type GoModuleName = keyof typeof GO_MODULES;
export type GoProgram = {
  [Name in GoModuleName]: keyof (typeof GO_MODULES)[Name]["programs"];
}[GoModuleName];

/** Path of a program, built on first use (minutes); afterwards a few milliseconds. */
export async function goTool(program: GoProgram): Promise<string> {
  const name = (Object.keys(GO_MODULES) as GoModuleName[]).find((module) => program in GO_MODULES[module].programs);
  if (name === undefined) throw new Error(`no Go module is known that builds ${program}`);
  return path.join(await goModule(name), program);
}

const sourceOf = (name: GoModuleName): string => path.join(__dirname, "go", name);

/** Version and hash of all that decides a module's programs. */
export function goModuleKey(name: GoModuleName): string {
  const module: GoModule = GO_MODULES[name];
  const pins = ["go.mod", "go.sum"].map((file) => fs.readFileSync(path.join(sourceOf(name), file)));
  return recipeKey(module.version, JSON.stringify(module), process.arch, ...pins);
}

/** Where a module's programs are, or would be. */
export const goModuleFolder = (name: GoModuleName): string => cachedFolder(name, goModuleKey(name));

/** Folder of a module's programs, compiled on first use. */
export async function goModule(name: GoModuleName): Promise<string> {
  const module: GoModule = GO_MODULES[name];
  const source = sourceOf(name);
  return cached(name, goModuleKey(name), async (folder) => {
    await requireGo();
    await progress.step(`fetching the Go modules of ${name} ${module.version}`, 30, () =>
      // Not "mod download": that asks for every module that any dependency ever named.
      go(source, ["list", "-deps", "-mod=readonly", ...Object.values(module.programs)], module.environment),
    );
    // One compiler at a time: it uses every core by itself.
    await withLock(path.join(cacheRoot(), "go-compiler"), () =>
      progress.step(`compiling ${name} ${module.version}`, module.expectedSeconds, () =>
        compile(module, source, folder),
      ),
    );
  });
}

async function compile(module: GoModule, source: string, folder: string): Promise<void> {
  const flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", module.linkerFlags];
  // One by one: a program's name is not always the last part of its import path.
  for (const [program, location] of Object.entries(module.programs)) {
    await go(source, ["build", ...flags, "-o", path.join(folder, program), location], module.environment);
  }
}

async function go(source: string, args: readonly string[], environment: GoModule["environment"] = {}): Promise<void> {
  const { exitCode, stderr } = await execa("go", [...args], {
    cwd: source,
    // No C compiler is asked for, and a workspace or flags of the user's own do not reach this build.
    env: { CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "", GOTOOLCHAIN: "local", ...environment },
    stdin: "ignore",
    reject: false,
  });
  if (exitCode !== 0) {
    throw new Error(`go ${args[0]} in ${source} failed:\n${stderr.split("\n").slice(-15).join("\n")}`);
  }
}

/** Oldest Go that compiles every module of the table. */
export const GO_MINIMUM = "1.26.8";

/** The installed Go's version, or undefined. */
export async function goVersion(): Promise<string | undefined> {
  const { stdout, exitCode } = await execa("go", ["env", "GOVERSION"], {
    env: { GOTOOLCHAIN: "local" },
    reject: false,
  }).catch(() => ({ stdout: "", exitCode: 1 }));
  return exitCode === 0 ? /^go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] : undefined;
}

/** Why this machine's Go cannot build the tools, or undefined when it can. */
export function whyNotGo(version: string | undefined): string | undefined {
  const remedy = `install Go ${GO_MINIMUM} or newer and put it on the PATH`;
  if (version === undefined) return `Go is not installed: ${remedy}`;
  const isRecent = semver.gte(semver.coerce(version) ?? "0.0.0", semver.coerce(GO_MINIMUM) ?? GO_MINIMUM);
  return isRecent ? undefined : `Go ${version} is too old: ${remedy}`;
}

async function requireGo(): Promise<void> {
  const reason = whyNotGo(await goVersion());
  if (reason !== undefined)
    throw new Error(`${reason}. Pulumi, BuildKit and VictoriaLogs are compiled on this machine`);
}
