/** A repository of a registry, with the machine's Docker credentials: through oras, which has the protocol. */
import type { Readable } from "node:stream";
import execa from "execa";
import { ImageRef } from "../../components/image/image-ref";
import { environmentOf, evidenceTool, lastLines, runTool, ToolError, type EvidenceTool } from "./tools";

const DEFAULT_REGISTRY = "docker.io";

/** Whether a host name or address is this machine's own. */
export const isLoopback = (registry: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registry);

/** Whether a registry speaks plain HTTP. Only one on this machine is asked: elsewhere it has to be TLS. */
export async function speaksPlainHttp(registry: string): Promise<boolean> {
  if (!isLoopback(registry)) return false;
  try {
    const { status } = await fetch(`http://${registry}/v2/`, { signal: AbortSignal.timeout(5_000) });
    // A TLS server answers plain HTTP with 400.
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}

/** The repository as every tool understands it: Docker's short names in full. */
export function fullRepository({ registry, path }: ImageRef): string {
  if (registry !== undefined) return `${registry}/${path}`;
  return `${DEFAULT_REGISTRY}/${path.includes("/") ? path : `library/${path}`}`;
}

export interface AttachedFile {
  readonly file: string;
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export class Repository {
  private constructor(
    /** With its registry. */
    readonly name: string,
    readonly plainHttp: boolean,
    private readonly oras: EvidenceTool,
  ) {}

  static async of(ref: ImageRef): Promise<Repository> {
    const name = fullRepository(ref);
    const plainHttp = await speaksPlainHttp(name.slice(0, name.indexOf("/")));
    return new Repository(name, plainHttp, await evidenceTool("oras"));
  }

  /** The tool that reads it, for records of what was read. */
  get tool(): EvidenceTool {
    return this.oras;
  }

  at(digest: string): string {
    return `${this.name}@${digest}`;
  }

  tagged(tag: string): string {
    return `${this.name}:${tag}`;
  }

  /** Text of a manifest or an index. @throws ToolError when it is not there or the registry does not answer. */
  manifest(digest: string): Promise<string> {
    return this.manifestOf(this.at(digest));
  }

  /** The same of a name in full, {@link at} a digest or {@link tagged}. */
  manifestOf(name: string): Promise<string> {
    return runTool(this.oras, ["manifest", "fetch", ...this.options, name]);
  }

  /** A small blob as text. @throws ToolError as {@link manifest}. */
  text(digest: string): Promise<string> {
    return runTool(this.oras, ["blob", "fetch", ...this.options, "--output", "-", this.at(digest)]);
  }

  /** What the registry says of a blob, without the blob. @throws ToolError as {@link manifest}. */
  describeBlob(digest: string): Promise<string> {
    return runTool(this.oras, ["blob", "fetch", "--descriptor", ...this.options, this.at(digest)]);
  }

  /**
   * Gives a blob of any size to a reader, as it comes.
   * @throws ToolError when the registry does not give all of it, or it is not what the digest names.
   */
  async stream(digest: string, read: (blob: Readable) => Promise<void>): Promise<void> {
    const fetching = execa(this.oras.program, ["blob", "fetch", ...this.options, "--output", "-", this.at(digest)], {
      env: environmentOf(),
      extendEnv: false,
      reject: false,
      stdin: "ignore",
      buffer: false,
    });
    let said = "";
    fetching.stderr?.on("data", (text: Buffer) => (said += text.toString()));
    if (fetching.stdout === null) throw new ToolError("oras has no output");
    // What a reader makes of half a blob matters less than why there is only half.
    const [outcome, { failed }] = await Promise.all([
      read(fetching.stdout).then(
        () => undefined,
        (error: unknown) => {
          fetching.kill();
          return { error };
        },
      ),
      fetching,
    ]);
    if (failed && said !== "") throw new ToolError(`oras blob fetch failed: ${lastLines(said)}`);
    if (outcome !== undefined) throw outcome.error;
    if (failed) throw new ToolError(`oras ended while it fetched ${this.at(digest)}`);
  }

  /** Puts a file beside an image, and returns the digest of its manifest. @throws ToolError when it is refused. */
  attach(subject: string, file: AttachedFile, cwd: string): Promise<string> {
    return this.write("attach", this.at(subject), file, cwd);
  }

  /** Puts a file under a name of its own, and returns the digest of its manifest. @throws ToolError when it is refused. */
  push(name: string, file: AttachedFile, cwd: string): Promise<string> {
    return this.write("push", name, file, cwd);
  }

  private async write(
    verb: "attach" | "push",
    name: string,
    { file, type, annotations }: AttachedFile,
    cwd: string,
  ): Promise<string> {
    const notes = Object.entries(annotations).flatMap(([key, value]) => ["--annotation", `${key}=${value}`]);
    const options = [...this.options, "--format", "json", "--artifact-type", type, ...notes];
    const answer = await runTool(this.oras, [verb, ...options, name, `${file}:${type}`], { cwd });
    return (JSON.parse(answer) as { digest: string }).digest;
  }

  /** Artifacts of one type that were put beside an image. @throws ToolError when the registry does not answer. */
  async referrers(subject: string, type: string): Promise<readonly Referrer[]> {
    const answer = await runTool(this.oras, [
      "discover",
      ...this.options,
      ...["--format", "json", "--depth", "1", "--artifact-type", type],
      this.at(subject),
    ]);
    return (JSON.parse(answer) as { referrers?: Referrer[] }).referrers ?? [];
  }

  private get options(): readonly string[] {
    return this.plainHttp ? ["--plain-http"] : [];
  }
}

export interface Referrer {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
