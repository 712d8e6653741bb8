/** Ralex's own images, built from the checkout by BuildKit as the release project builds them. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { prepareMachine } from "../../../cli/machine";
import { readLock } from "../../../components/image/lock";

export const TARGETS = ["prod", "dev"] as const;
export type Target = (typeof TARGETS)[number];

export class ImageBuilder {
  private constructor(
    private readonly environment: Readonly<Record<string, string>>,
    private readonly registry: string,
    private readonly python: string,
  ) {}

  /** @throws Failure or Error that says what the machine lacks. */
  static async create(checkout: string): Promise<ImageBuilder> {
    const { workspace, registry } = await prepareMachine(checkout, { images: true, workingTree: true });
    return new ImageBuilder(
      workspace.environment,
      registry,
      readLock(checkout, workspace.environment).ref("python").toString(),
    );
  }

  /**
   * Builds one target and pushes it under a name that no release uses.
   * @param cold - nothing is taken from any cache: no layer, and no package that an earlier build downloaded.
   * @returns the image, by digest.
   */
  async build(context: string, target: Target, options: { readonly cold?: string } = {}): Promise<string> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-bench-build-"));
    const metadata = path.join(folder, "metadata.json");
    const repository = `${this.registry}/bench/ralex-api-${target}`;
    const cold =
      options.cold === undefined ? [] : ["--no-cache", "--opt", `build-arg:BUILDKIT_CACHE_MOUNT_NS=${options.cold}`];
    const args = [
      ...["build", "--frontend", "dockerfile.v0", "--progress", "plain", "--metadata-file", metadata],
      ...["--local", `context=${context}`, "--local", `dockerfile=${context}`],
      ...["--opt", `target=${target}`, "--opt", `build-arg:PYTHON_IMAGE=${this.python}`],
      ...["--opt", "attest:provenance=mode=min", ...cold],
      ...["--output", `type=image,name=${repository},push=true`],
    ];
    try {
      const { exitCode, stderr } = await execa("buildctl", args, {
        env: this.environment,
        extendEnv: false,
        reject: false,
        stdin: "ignore",
      });
      if (exitCode !== 0) throw new Error(`the build of ${target} failed:\n${stderr.slice(-2000)}`);
      const known = JSON.parse(fs.readFileSync(metadata, "utf8")) as Readonly<Record<string, unknown>>;
      return `${repository}@${String(known["containerimage.digest"])}`;
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }
}

/** Brings an image to the Docker Engine for the time of `work`. Layers that other images use stay. */
export async function withImage<T>(image: string, work: (image: string) => Promise<T>): Promise<T> {
  const known = !(await docker(["image", "inspect", image], { reject: false })).failed;
  if (!known) await docker(["pull", "--quiet", image]);
  try {
    return await work(image);
  } finally {
    if (!known) await docker(["image", "rm", image], { reject: false });
  }
}

export const docker = (args: readonly string[], options: execa.Options = {}): execa.ExecaChildProcess =>
  execa("docker", [...args], { stdin: "ignore", ...options });
