/** A Compose project on this machine: the stack's peer. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { planAddresses } from "../../../../components/docker/addresses";
import { composeDocument, literal } from "../../../../components/docker/compose";
import type { Service } from "../../../../components/app/model";
import type { Settings } from "../../../../components/settings/schema";
import { GO_MODULES, goTool } from "../../../../toolchain/go-tools";
import { Values, type Certificate } from "./values";
import { onDocker } from "../../../support/on-docker";

const PROJECT = "ralex-bench-compose";

export const COMPOSE_VERSION = `docker compose ${GO_MODULES.compose.version}`;

export interface ProjectArgs {
  readonly settings: Settings;
  /** References by image name, as the stack runs them. */
  readonly images: Readonly<Record<string, string>>;
  readonly grafana: boolean;
  readonly checkout: string;
  /** Empty folder for the project. */
  readonly folder: string;
}

export class ComposeProject {
  private constructor(
    private readonly folder: string,
    readonly apiKey: string,
  ) {}

  /** Writes the files; nothing is started. */
  static async create({ settings, images, grafana, checkout, folder }: ProjectArgs): Promise<ComposeProject> {
    const application = onDocker(settings, { grafana });
    const plan = planAddresses(application, settings.subnet);
    const values = new Values(application, plan, await certificate(folder));
    const filesFolder = path.join(folder, "files");
    for (const service of application.services) {
      const target = path.join(filesFolder, service.name);
      fs.mkdirSync(target, { recursive: true, mode: 0o700 });
      service.files.forEach((file, index) => {
        const written = path.join(target, fileName(file, index));
        fs.writeFileSync(written, values.text(file.content), { mode: file.secret ? 0o400 : 0o444 });
        fs.chownSync(written, service.user.uid, service.user.gid);
      });
    }
    const project = PROJECT;
    const document = composeDocument({
      ...{ project, application, plan, images },
      text: (value) => values.text(value),
      fileMounts: (service) => fileMounts(service, filesFolder, checkout),
      // Compose waits for what the engine says, so the engine asks often here: what makes Compose as quick as it can be.
      checkInterval: "1s",
    });
    fs.writeFileSync(path.join(folder, "compose.yaml"), yaml.stringify(document));
    const plugins = path.join(folder, "docker/cli-plugins");
    fs.mkdirSync(plugins, { recursive: true });
    fs.symlinkSync(await goTool("docker-compose"), path.join(plugins, "docker-compose"));
    return new ComposeProject(folder, values.secret("apiKey", "value"));
  }

  /** Seconds of `docker compose up -d --wait`. */
  async up(): Promise<number> {
    const began = performance.now();
    await this.compose("up", "--detach", "--wait");
    return (performance.now() - began) / 1000;
  }

  /** Removes containers and networks and keeps the data, as `npm stop` does. */
  down = (): Promise<void> => this.compose("down");

  /** Removes the data too. */
  remove = (): Promise<void> => this.compose("down", "--volumes");

  private async compose(...args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await execa("docker", ["compose", "--progress", "quiet", ...args], {
      cwd: this.folder,
      // The plugin is found here alone; the user's own configuration has no part in it.
      env: { DOCKER_CONFIG: path.join(this.folder, "docker") },
      reject: false,
      stdin: "ignore",
    });
    if (exitCode !== 0) throw new Error(`docker compose ${args.join(" ")} failed:\n${stderr.slice(-2000)}`);
  }
}

/** Where a service's files are. */
const fileName = (file: { readonly path: string }, index: number): string => `${index}-${path.basename(file.path)}`;

/** Its files one by one, and the code of this checkout where the model has it. */
function fileMounts(service: Service, filesFolder: string, checkout: string): readonly unknown[] {
  const bind = (source: string, target: string) => ({ type: "bind", source: literal(source), target, read_only: true });
  return [
    ...service.files.map((file, index) => bind(path.join(filesFolder, service.name, fileName(file, index)), file.path)),
    ...(service.source === undefined ? [] : [bind(path.join(checkout, service.source.source), service.source.path)]),
  ];
}

/** A certificate of its own for the edge. */
async function certificate(folder: string): Promise<Certificate> {
  const [key, file] = [path.join(folder, "tls.key"), path.join(folder, "tls.crt")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"];
  await execa("openssl", [...args, "-keyout", key, "-out", file], { stdin: "ignore" });
  return { certificate: fs.readFileSync(file, "utf8"), privateKey: fs.readFileSync(key, "utf8") };
}
