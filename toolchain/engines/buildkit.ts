/** BuildKit's daemon on the host, as root, with Debian's runc. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { aptInstall } from "../apt";
import { goModuleFolder, goTool } from "../go-tools";
import { cacheRoot, RUN_FOLDER } from "../paths";
import { ensureDaemon, requireRoot } from "./daemon";
import { REGISTRY } from "./registry";

const SOCKET = path.join(RUN_FOLDER, "buildkitd.sock");
/** What clients find in their environment. */
export const BUILDKIT_HOST = `unix://${SOCKET}`;
export const BUILDKIT_PACKAGES = ["runc"] as const;

/**
 * Configuration of buildkitd. Its cache is bounded, so that it never fills a disk: the images with the largest layers
 * (Open WebUI) need about 6 GB while they are built.
 */
export const buildkitConfiguration = (root: string): string => `root = ${JSON.stringify(root)}
[grpc]
  address = [${JSON.stringify(BUILDKIT_HOST)}]
[worker.oci]
  enabled = true
  gc = true
  reservedSpace = "2GB"
  maxUsedSpace = "12GB"
  minFreeSpace = "5GB"
[worker.containerd]
  enabled = false
[registry."${REGISTRY}"]
  http = true
`;

/** Whether a buildkitd answers, whoever started it. */
export async function buildkitAnswers(): Promise<boolean> {
  const buildctl = path.join(goModuleFolder("buildkit"), "buildctl");
  if (!fs.existsSync(SOCKET) || !fs.existsSync(buildctl)) return false;
  const { exitCode } = await execa(buildctl, ["--addr", BUILDKIT_HOST, "--timeout", "2", "debug", "workers"], {
    reject: false,
  });
  return exitCode === 0;
}

/** Makes sure that buildkitd answers. Returns whether it was started now. */
export async function ensureBuildkit(): Promise<boolean> {
  const program = await goTool("buildkitd");
  if (await buildkitAnswers()) return false;
  requireRoot(`BuildKit at ${BUILDKIT_HOST}`);
  await aptInstall(BUILDKIT_PACKAGES);
  const configuration = path.join(RUN_FOLDER, "buildkitd.toml");
  const root = path.join(cacheRoot(), "buildkit");
  return ensureDaemon({
    name: "buildkitd",
    program,
    args: ["--config", configuration],
    prepare: () => {
      fs.mkdirSync(root, { recursive: true });
      fs.writeFileSync(configuration, buildkitConfiguration(root));
    },
    answers: buildkitAnswers,
    startSeconds: 30,
  });
}
