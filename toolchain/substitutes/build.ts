/** Builds images by recipes with BuildKit, pushes them to the local registry and remembers their digests. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import PQueue from "p-queue";
import { NATIVE, type Platform } from "../../components/image/platforms";
import { recipeKey } from "../cache";
import { BUILDKIT_HOST } from "../engines/buildkit";
import { REGISTRY, registryHas } from "../engines/registry";
import { debianArchitecture } from "../engines/emulation";
import { goModule, goModuleKey, goTool } from "../go-tools";
import { withLock } from "../lock";
import { cacheRoot } from "../paths";
import { progress } from "../progress";
import { debianRoot, SOURCE_DATE_EPOCH, TRUST_STORE, updatePackageLists } from "./debian";
import { foreignRoot } from "./foreign";
import { RECIPES, type Recipe } from "./recipes";

/** An image in the local registry. */
export interface BuiltImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly platforms: readonly Platform[];
  readonly sizeBudgetMiB: number;
  readonly dataVersion?: string;
}

/** How much longer a build takes where its programs are emulated. */
const EMULATED = 3;
/** Fetching, extracting and packing alternate in a build: one more than the cores of the smallest machine. */
const builds = new PQueue({ concurrency: 3 });

const groupOf = ({ group = "substitutes" }: Recipe): string => group;
export const repositoryPath = (recipe: Recipe): string => `${groupOf(recipe)}/${recipe.name}`;
const tagOf = (recipe: Recipe, platform: Platform): string =>
  platform === NATIVE ? recipe.tag : `${recipe.tag}-${debianArchitecture(platform)}`;
const folderOf = ({ folder = __dirname, name }: Recipe): string => path.join(folder, name);

export function recipeOf(name: string): Recipe {
  const recipe = RECIPES.find((candidate) => candidate.name === name);
  if (recipe === undefined) {
    throw new Error(`no substitute is known for "${name}": it is one of ${RECIPES.map((one) => one.name).join(", ")}`);
  }
  return recipe;
}

/** Everything that decides an image, its base included; what Debian publishes meanwhile is left out on purpose. */
export function substituteKey(recipe: Recipe, trust = TRUST_STORE, platform = NATIVE): string {
  const folder = folderOf(recipe);
  const files = fs.readdirSync(folder).sort();
  const { packages, without = [], tool = "" } = recipe;
  return recipeKey(
    recipe.tag,
    JSON.stringify({ packages, without, tool: tool === "" ? "" : goModuleKey(tool) }),
    platform,
    fs.readFileSync(path.join(__dirname, "debian.ts")),
    ...files.flatMap((file) => [file, fs.readFileSync(path.join(folder, file))]),
    recipe.fetches === true && fs.existsSync(trust) ? fs.readFileSync(trust) : "",
    recipe.base === undefined ? "" : substituteKey(recipeOf(recipe.base), trust, platform),
  );
}

const recordOf = (recipe: Recipe, platform: Platform): string =>
  path.join(cacheRoot(), groupOf(recipe), `${recipe.name}-${substituteKey(recipe, TRUST_STORE, platform)}.json`);

/** The substitute of that name, if it was built for the present recipe and the registry still has it. */
export const recordedSubstitute = (name: string, platform = NATIVE): Promise<BuiltImage | undefined> =>
  recordedImage(recipeOf(name), platform);

async function recordedImage(recipe: Recipe, platform: Platform): Promise<BuiltImage | undefined> {
  const record = recordOf(recipe, platform);
  if (!fs.existsSync(record)) return undefined;
  const { digest } = JSON.parse(fs.readFileSync(record, "utf8")) as { digest: string };
  return (await registryHas(repositoryPath(recipe), digest)) ? built(recipe, digest, platform) : undefined;
}

/** The substitute of that name; see {@link ensureImage}. */
export const substitute = (name: string, platform = NATIVE): Promise<BuiltImage> =>
  ensureImage(recipeOf(name), platform);

/**
 * The image of a recipe, built and pushed unless the registry has it already. For another platform than this
 * machine's, programs of it have to run here.
 */
export async function ensureImage(recipe: Recipe, platform = NATIVE): Promise<BuiltImage> {
  const known = await recordedImage(recipe, platform);
  if (known !== undefined) return known;
  const record = recordOf(recipe, platform);
  return withLock(record, async () => {
    const meanwhile = await recordedImage(recipe, platform);
    if (meanwhile !== undefined) return meanwhile;
    const base = recipe.base === undefined ? undefined : await substitute(recipe.base, platform);
    const tool = recipe.tool === undefined ? undefined : await goModule(recipe.tool);
    const seconds = recipe.expectedSeconds * (platform === NATIVE ? 1 : EMULATED);
    const title = `building image ${recipe.name}${platform === NATIVE ? "" : ` for ${platform}`}`;
    // What is long must not begin last.
    const digest = await builds.add(() => progress.step(title, seconds, () => build(recipe, base, tool, platform)), {
      priority: seconds,
    });
    const partial = `${record}.partial`;
    fs.writeFileSync(partial, `${JSON.stringify({ digest })}\n`);
    fs.renameSync(partial, record);
    return built(recipe, digest, platform);
  });
}

const built = (recipe: Recipe, digest: string, platform: Platform): BuiltImage => ({
  repository: `${REGISTRY}/${repositoryPath(recipe)}`,
  tag: tagOf(recipe, platform),
  digest,
  platforms: [platform],
  sizeBudgetMiB: recipe.sizeBudgetMiB,
  ...(recipe.dataVersion === undefined ? {} : { dataVersion: recipe.dataVersion }),
});

async function build(
  recipe: Recipe,
  base: BuiltImage | undefined,
  tool: string | undefined,
  platform: Platform,
): Promise<string> {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), `ralex-${recipe.name}-`));
  try {
    const context = path.join(work, "context");
    fs.mkdirSync(context);
    if (recipe.packages.length > 0) {
      const root = [recipe.packages, recipe.without ?? [], path.join(context, "rootfs.tar")] as const;
      if (platform === NATIVE) await updatePackageLists().then(() => debianRoot(...root));
      else await foreignRoot(platform, ...root);
    }
    const contexts: Record<string, string> = { files: folderOf(recipe) };
    if (tool !== undefined) contexts.tool = tool;
    if (recipe.fetches === true) {
      contexts.trust = path.join(work, "trust");
      fs.mkdirSync(contexts.trust);
      fs.copyFileSync(TRUST_STORE, path.join(contexts.trust, "ca-certificates.crt"));
    }
    const metadata = path.join(work, "metadata.json");
    const baseImage = base === undefined ? [] : [`build-arg:BASE_IMAGE=${base.repository}@${base.digest}`];
    await buildctl([
      ...["build", "--progress", "plain", "--frontend", "dockerfile.v0", "--metadata-file", metadata],
      ...["--local", `context=${context}`, "--local", `dockerfile=${folderOf(recipe)}`],
      ...Object.entries(contexts).flatMap(([name, folder]) => [
        ...["--local", `${name}=${folder}`, "--opt", `context:${name}=local:${name}`],
      ]),
      ...[...baseImage, `platform=${platform}`, `build-arg:SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH}`].flatMap(
        (option) => ["--opt", option],
      ),
      "--output",
      `type=image,name=${REGISTRY}/${repositoryPath(recipe)}:${tagOf(recipe, platform)},push=true,` +
        // Pulled on this machine only: little compression, since unpacking and packing cost more than the disk.
        "compression=gzip,compression-level=1,force-compression=true,rewrite-timestamp=true",
    ]);
    const result = JSON.parse(fs.readFileSync(metadata, "utf8")) as Record<string, unknown>;
    const digest = result["containerimage.digest"];
    if (typeof digest !== "string") throw new Error(`BuildKit named no digest for the image ${recipe.name}`);
    return digest;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

async function buildctl(args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execa(await goTool("buildctl"), ["--addr", BUILDKIT_HOST, ...args], {
    stdin: "ignore",
    reject: false,
  });
  if (exitCode !== 0) throw new Error(`BuildKit could not build it:\n${failure(stderr)}`);
}

/** The failing step's own output and the last line; the program text in between, which BuildKit repeats, is long. */
function failure(log: string): string {
  const lines = log.trimEnd().split("\n");
  const output = lines.filter((line) => /^#\d+ (?:\d+\.\d+|ERROR) /.test(line)).slice(-12);
  return [...output, (lines.at(-1) ?? "").slice(0, 300)].join("\n");
}
