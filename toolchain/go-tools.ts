/** Tools that are built from the Go module proxy, pinned by the go.mod and go.sum under toolchain/go/. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import semver from "semver";
import { cached, cachedFolder, recipeKey } from "./cache";
import { writeSchemas } from "./go/pulumi-kubernetes/schemas";
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
  /** `true` for a build cache that is removed afterwards: that of Kubernetes and its provider grew to 24 GB. */
  readonly ownBuildCache?: true;
  /** Writes what the module's publisher generates before compiling, into a copy of the folder with its go.mod. */
  readonly prepare?: (folder: string, moduleFolder: (module: string) => Promise<string>) => Promise<void>;
}

const PULUMI = "3.259.0";
const KUBERNETES = "1.34.4";

/** How programs of Kubernetes are told their version, which clients and kubeadm compare. */
const kubernetesVersion = (version: string, ...packages: readonly string[]): string => {
  const { major, minor } = semver.parse(version) ?? { major: 0, minor: 0 };
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "archive" };
  return packages
    .flatMap((name) => Object.entries(values).map(([variable, value]) => `-X ${name}.${variable}=${value}`))
    .join(" ");
};

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
  // Collects logs on the nodes of a cluster. A program of our own that the official parts are linked into.
  "otel-collector": {
    version: "0.160.0",
    programs: { "otelcol-contrib": "." },
    linkerFlags: "-s -w -X main.version=0.160.0",
    expectedSeconds: 90,
    onDemand: true,
    ownBuildCache: true,
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
  // A cluster on this machine, its system pods, and what deploys to one.
  kubernetes: {
    version: KUBERNETES,
    programs: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
      kubeadm: "k8s.io/kubernetes/cmd/kubeadm",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
    linkerFlags: `-s -w ${kubernetesVersion(KUBERNETES, "k8s.io/component-base/version", "k8s.io/client-go/pkg/version")}`,
    expectedSeconds: 300,
    onDemand: true,
    ownBuildCache: true,
  },
  etcd: {
    version: "3.6.16",
    programs: { etcd: "go.etcd.io/etcd/server/v3" },
    linkerFlags: "-s -w",
    expectedSeconds: 25,
    onDemand: true,
    ownBuildCache: true,
  },
  coredns: {
    version: "1.15.0",
    programs: { coredns: "github.com/coredns/coredns" },
    linkerFlags: "-s -w",
    expectedSeconds: 105,
    onDemand: true,
    ownBuildCache: true,
  },
  "metrics-server": {
    version: "0.9.0",
    programs: { "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server" },
    linkerFlags: "-s -w -X k8s.io/client-go/pkg/version.gitVersion=v0.9.0",
    expectedSeconds: 115,
    onDemand: true,
    ownBuildCache: true,
  },
  "local-path-provisioner": {
    version: "0.0.30",
    programs: { "local-path-provisioner": "github.com/rancher/local-path-provisioner" },
    linkerFlags: "-s -w -X main.VERSION=v0.0.30",
    expectedSeconds: 60,
    onDemand: true,
    ownBuildCache: true,
  },
  // What a cluster may be given beside its system pods: an engine of NetworkPolicies, an Ingress and Gateway controller.
  "kube-router": {
    version: "2.1.0",
    programs: { "kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router" },
    linkerFlags: "-s -w",
    expectedSeconds: 85,
    onDemand: true,
    ownBuildCache: true,
  },
  contour: {
    version: "1.33.8",
    programs: { contour: "github.com/projectcontour/contour/cmd/contour" },
    linkerFlags: "-s -w",
    expectedSeconds: 80,
    onDemand: true,
    ownBuildCache: true,
  },
  // Scales on what Prometheus sees.
  keda: {
    version: "2.21.0",
    programs: {
      keda: "github.com/kedacore/keda/v2/cmd/operator",
      "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
    },
    linkerFlags: "-s -w -X github.com/kedacore/keda/v2/version.Version=2.21.0",
    expectedSeconds: 450,
    onDemand: true,
    ownBuildCache: true,
  },
  // The official provider. The module has a date for a version; its schema is that of the SDK package 4.25.0.
  "pulumi-kubernetes": {
    version: "4.25.0",
    programs: { "pulumi-resource-kubernetes": "." },
    linkerFlags: "-s -w -X github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version=4.25.0",
    expectedSeconds: 600,
    onDemand: true,
    ownBuildCache: true,
    prepare: writeSchemas,
  },
  helm: {
    version: "3.22.0",
    programs: { helm: "helm.sh/helm/v3/cmd/helm" },
    // The version of Kubernetes that charts are rendered and checked for where no cluster is asked.
    linkerFlags: [
      "-s -w -X helm.sh/helm/v3/internal/version.version=v3.22.0",
      ...["chartutil", "lint/rules"].map((name) => {
        const variable = `helm.sh/helm/v3/pkg/${name}.k8sVersion`;
        return `-X ${variable}Major=${semver.major(KUBERNETES)} -X ${variable}Minor=${semver.minor(KUBERNETES)}`;
      }),
    ].join(" "),
    expectedSeconds: 75,
    onDemand: true,
    ownBuildCache: true,
  },
  kubeconform: {
    version: "0.8.0",
    programs: { kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform" },
    linkerFlags: "-s -w -X main.version=v0.8.0",
    expectedSeconds: 5,
    onDemand: true,
    ownBuildCache: true,
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

const sourceOf = (name: string): string => path.join(__dirname, "go", name);

/** Version and hash of all that decides a module's programs. */
export function goModuleKey(name: GoModuleName): string {
  const module: GoModule = GO_MODULES[name];
  const source = sourceOf(name);
  const pins = fs.readdirSync(source).sort();
  return recipeKey(
    module.version,
    JSON.stringify(module),
    process.arch,
    ...pins.map((file) => fs.readFileSync(path.join(source, file))),
  );
}

/** Where a module's programs are, or would be. */
export const goModuleFolder = (name: GoModuleName): string => cachedFolder(name, goModuleKey(name));

/** Folder of a module's programs, compiled on first use. */
export async function goModule(name: GoModuleName): Promise<string> {
  const module: GoModule = GO_MODULES[name];
  const compileIn = async (folder: string): Promise<void> => {
    await requireGo();
    await withSource(module, sourceOf(name), (source) => compile(name, source, folder));
  };
  return cached(name, goModuleKey(name), (folder) =>
    module.ownBuildCache === true ? withOwnBuildCache(() => compileIn(folder)) : compileIn(folder),
  );
}

/** Compiles what is missing of several modules; what they share is compiled once. */
export const goModules = (names: readonly GoModuleName[]): Promise<void> =>
  withOwnBuildCache(async () => {
    for (const name of names) await goModule(name);
  });

/**
 * Folder of the source of a module, as its publisher has it; fetched where it is not there.
 * @param name - of the folder under toolchain/go/ that pins it.
 */
export async function goModuleSource(name: string, module: string): Promise<string> {
  await requireGo();
  return sourceIn(sourceOf(name), module);
}

/** @param folder - with the go.mod that pins the module. */
async function sourceIn(folder: string, module: string): Promise<string> {
  const { Dir } = JSON.parse(await go(folder, ["mod", "download", "-json", module])) as { Dir: string };
  return Dir;
}

const compilerLock = (): string => path.join(cacheRoot(), "go-compiler");
const buildCaches = (): string => path.join(cacheRoot(), "go-build");
/** Of this process: a compiler does not survive that another one removes what it reads. */
const ownBuildCache = (): string => path.join(buildCaches(), String(process.pid));
let ownBuildCacheUsers = 0;

/** Removes the build cache when the last that uses it is done, and those of processes that were killed. */
async function withOwnBuildCache<T>(work: () => Promise<T>): Promise<T> {
  ownBuildCacheUsers += 1;
  try {
    return await work();
  } finally {
    ownBuildCacheUsers -= 1;
    if (ownBuildCacheUsers === 0) await removeBuildCaches();
  }
}

async function removeBuildCaches(): Promise<void> {
  const pids = fs.existsSync(buildCaches()) ? fs.readdirSync(buildCaches()) : [];
  for (const pid of pids.filter((name) => name === String(process.pid) || !fs.existsSync(`/proc/${name}`))) {
    await fs.promises.rm(path.join(buildCaches(), pid), { recursive: true, force: true });
  }
}

/** Runs `work` in the module's folder, or in a prepared copy of it. */
async function withSource(
  { prepare }: GoModule,
  source: string,
  work: (source: string) => Promise<void>,
): Promise<void> {
  if (prepare === undefined) return work(source);
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-go-"));
  try {
    fs.cpSync(source, copy, { recursive: true });
    await prepare(copy, (module) => sourceIn(copy, module));
    await work(copy);
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
}

async function compile(name: GoModuleName, source: string, folder: string): Promise<void> {
  const module: GoModule = GO_MODULES[name];
  const environment = { ...module.environment, ...(module.ownBuildCache === true ? { GOCACHE: ownBuildCache() } : {}) };
  await progress.step(`fetching the Go modules of ${name} ${module.version}`, 30, () =>
    // Not "mod download": that asks for every module that any dependency ever named.
    go(source, ["list", "-deps", "-mod=readonly", ...Object.values(module.programs)], environment),
  );
  const flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", module.linkerFlags];
  // One compiler at a time: it uses every core by itself.
  await withLock(compilerLock(), () =>
    progress.step(`compiling ${name} ${module.version}`, module.expectedSeconds, async () => {
      // One by one: a program's name is not always the last part of its import path.
      for (const [program, location] of Object.entries(module.programs)) {
        await go(source, ["build", ...flags, "-o", path.join(folder, program), location], environment);
      }
    }),
  );
}

async function go(source: string, args: readonly string[], environment: GoModule["environment"] = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await execa("go", [...args], {
    cwd: source,
    // No C compiler is asked for, and a workspace or flags of the user's own do not reach this build.
    env: { CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "", GOTOOLCHAIN: "local", ...environment },
    stdin: "ignore",
    reject: false,
  });
  if (exitCode !== 0) {
    throw new Error(`go ${args[0]} in ${source} failed:\n${stderr.split("\n").slice(-15).join("\n")}`);
  }
  return stdout;
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
