/**
 * PULUMI_HOME of a checkout on a machine that can get no official plugin: the language host and the stand-in plugins,
 * each one bundled file behind a start script. Nothing under ~/.pulumi is touched.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { commandLine } from "../../components/command-line";

export interface PulumiHome {
  /** PULUMI_HOME. */
  readonly home: string;
  /** What to set for the CLI, beside the environment that is there. */
  readonly env: Readonly<Record<string, string>>;
  /** The plugins that stand-ins serve, as `docker 5.2.0`. */
  readonly standIns: readonly string[];
}

const PLUGINS = ["docker", "docker-build", "random", "tls"] as const;
const SOURCES = path.join("toolchain", "pulumi");
/** What plugins share with the rest of the checkout. */
const SHARED = [path.join("components", "image"), path.join("components", "docker", "engine")];

/** Every source file of the bundles, in one order. */
function sources(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return sources(full);
      return /\.(ts|json)$/.test(entry.name) ? [full] : [];
    })
    .sort();
}

const versionOf = (checkout: string, name: string): string => {
  const file = path.join(checkout, "node_modules", "@pulumi", name, "package.json");
  try {
    const manifest = JSON.parse(fs.readFileSync(file, "utf8")) as { version: string; pulumi?: { version?: string } };
    return (manifest.pulumi?.version ?? manifest.version).replace(/^v/, "");
  } catch {
    throw new Error(`@pulumi/${name} is not installed: run ${commandLine("cd", checkout)} && npm install`);
  }
};

/** Changes whenever a bundle would: with any source, and with the packages that are bundled. */
function fingerprint(checkout: string): string {
  const hash = createHash("sha256").update(process.execPath);
  const files = [SOURCES, ...SHARED].flatMap((folder) => sources(path.join(checkout, folder)));
  for (const file of files) hash.update(file).update(fs.readFileSync(file));
  hash.update(fs.readFileSync(path.join(checkout, "package.json")));
  return hash.digest("hex").slice(0, 16);
}

/** One file a program, without what of its packages it does not use. */
async function bundle(checkout: string, dist: string): Promise<void> {
  // Where nothing changed, nothing is bundled.
  const esbuild = await import("esbuild");
  const entryPoints = Object.fromEntries([
    ["language-host", path.join(checkout, SOURCES, "language-host.ts")],
    ...PLUGINS.map((name) => [name, path.join(checkout, SOURCES, "plugins", name, "main.ts")]),
  ]);
  const partial = `${dist}.${process.pid}`;
  fs.mkdirSync(partial, { recursive: true });
  esbuild.buildSync({
    absWorkingDir: checkout,
    entryPoints,
    outdir: partial,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minify: true,
    keepNames: true,
    logLevel: "error",
    // Docker over SSH is not offered; its library has parts that cannot be bundled.
    external: ["ssh2", "cpu-features"],
  });
  try {
    fs.renameSync(partial, dist);
  } catch (error) {
    // Another process was quicker with the same sources.
    fs.rmSync(partial, { recursive: true, force: true });
    if (!fs.existsSync(dist)) throw error;
  }
}

function script(file: string, target: string, ...args: readonly string[]): void {
  const quoted = [process.execPath, ...args, target].map((part) => `'${part.replace(/'/g, "'\\''")}'`).join(" ");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  fs.renameSync(partial, file);
}

/** Removes bundles of earlier sources, and plugins of earlier versions. */
function sweep(folder: string, keep: ReadonlySet<string>): void {
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) {
    if (!keep.has(name)) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/**
 * Makes `<checkout>/.ralex/pulumi` what this checkout's sources and installed SDKs ask for; a no-op when it is.
 * @param pulumiBinaryFolder where the CLI `pulumi` is; it comes first in PATH.
 */
export async function preparePulumiHome(checkout: string, pulumiBinaryFolder: string): Promise<PulumiHome> {
  const home = path.join(checkout, ".ralex", "pulumi");
  const key = fingerprint(checkout);
  const dist = path.join(home, "dist", key);
  const plugins = PLUGINS.map((name) => ({ name, version: versionOf(checkout, name) }));
  const stamp = path.join(home, "stand-ins.json");
  const sdk = versionOf(checkout, "pulumi");
  const wanted = `${JSON.stringify({ key, sdk, node: process.execPath, plugins })}\n`;
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== wanted || !fs.existsSync(dist)) {
    if (!fs.existsSync(dist)) await bundle(checkout, dist);
    const dynamic = path.join(checkout, "node_modules", "@pulumi", "pulumi", "cmd", "dynamic-provider", "index.js");
    const targets = [
      // In the plugin folder, not in PATH: the engine warns of a language host that it finds in PATH.
      { kind: "language", name: "nodejs", version: sdk, target: path.join(dist, "language-host.js") },
      { kind: "resource", name: "pulumi-nodejs", version: sdk, target: dynamic },
      ...plugins.map((plugin) => ({ kind: "resource", ...plugin, target: path.join(dist, `${plugin.name}.js`) })),
    ];
    const folders = targets.map(({ kind, name, version, target }) => {
      const folder = `${kind}-${name}-v${version}`;
      script(path.join(home, "plugins", folder, `pulumi-${kind}-${name}`), target);
      return folder;
    });
    sweep(path.join(home, "plugins"), new Set(folders));
    sweep(path.join(home, "dist"), new Set([key]));
    fs.writeFileSync(stamp, wanted);
  }
  return {
    home,
    env: {
      PULUMI_HOME: home,
      PATH: [pulumiBinaryFolder, process.env.PATH ?? ""].join(path.delimiter),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
    standIns: plugins.map(({ name, version }) => `${name} ${version}`),
  };
}
