/** A real S3 server on loopback, over a folder; it can be killed and started again with all that it has. */
import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { goTool } from "../../toolchain/go-tools";
import { freePort } from "./ports";

/** The server that RALEX_VERSITYGW names, or the one that the toolchain builds. */
export const serverBinary = async (): Promise<string> => process.env.RALEX_VERSITYGW ?? (await goTool("versitygw"));

const BUCKET = "states";
const REGION = "us-east-1";
/** How long it may take to answer, in milliseconds. */
const START_MS = 10_000;

export class S3Server {
  private server: ChildProcess | undefined;

  private constructor(
    private readonly binary: string,
    private readonly root: string,
    private readonly port: number,
  ) {}

  /** With one empty bucket. */
  static async start(): Promise<S3Server> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-s3-"));
    for (const folder of ["data", "meta"]) fs.mkdirSync(path.join(root, folder));
    fs.mkdirSync(path.join(root, "data", BUCKET));
    const server = new S3Server(await serverBinary(), root, await freePort());
    await server.resume();
    return server;
  }

  /** What Pulumi and the AWS SDKs find their credentials in. */
  readonly environment = {
    AWS_ACCESS_KEY_ID: "ralex-test",
    AWS_SECRET_ACCESS_KEY: "ralex-test-secret",
    AWS_REGION: REGION,
  };

  /** The address of a backend in the bucket. @param folder - what sets it apart from others there */
  backend(folder: string): string {
    const query = `endpoint=http://127.0.0.1:${this.port}&region=${REGION}&s3ForcePathStyle=true`;
    return `s3://${BUCKET}/${folder}?${query}`;
  }

  /** Where the objects of a backend are files. */
  folder(folder: string): string {
    return path.join(this.root, "data", BUCKET, folder, ".pulumi");
  }

  /** Starts it where it does not run. @throws Error when it does not answer. */
  async resume(): Promise<void> {
    if (this.isRunning()) return;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = this.environment;
    // Metadata beside the objects: not every folder for temporary files has extended attributes.
    const posix = ["posix", "--sidecar", path.join(this.root, "meta"), path.join(this.root, "data")];
    const server = spawn(this.binary, ["--port", `127.0.0.1:${this.port}`, "--region", REGION, "--quiet", ...posix], {
      env: { ...process.env, ROOT_ACCESS_KEY: AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: AWS_SECRET_ACCESS_KEY },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.server = server;
    let said = "";
    server.stderr.on("data", (text: Buffer) => (said += text.toString()));
    for (const end = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const answers = await fetch(`http://127.0.0.1:${this.port}/`).then(
        () => true,
        () => false,
      );
      if (answers) return;
      if (Date.now() > end || server.exitCode !== null) throw new Error(`the S3 server does not answer: ${said}`);
    }
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const { server } = this;
    if (server === undefined || !this.isRunning()) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
  }

  private isRunning(): boolean {
    return this.server !== undefined && this.server.exitCode === null && this.server.signalCode === null;
  }

  async remove(): Promise<void> {
    await this.kill();
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
