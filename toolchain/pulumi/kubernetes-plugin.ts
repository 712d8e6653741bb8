/**
 * The official provider of Kubernetes, compiled here: nothing stands in for it. The engine finds it in the checkout's
 * PULUMI_HOME, where a connected machine would have downloaded it to.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { GO_MODULES, goTool } from "../go-tools";

const PROGRAM = "pulumi-resource-kubernetes";

/** The one version that can be had as a Go module; the SDK package `@pulumi/kubernetes` has to be of the same. */
export const KUBERNETES_PROVIDER = GO_MODULES["pulumi-kubernetes"].version;

/** Where the engine looks for the plugin. */
export const kubernetesPlugin = (home: string): string =>
  path.join(home, "plugins", `resource-kubernetes-v${KUBERNETES_PROVIDER}`, PROGRAM);

/**
 * Puts the plugin into a PULUMI_HOME, compiled on first use (10 minutes, 4 GB of memory). To be called after that home
 * is prepared, which removes plugins that it does not know.
 * @returns the plugin's path
 */
export const linkKubernetesPlugin = async (home: string): Promise<string> => linkPlugin(home, await goTool(PROGRAM));

/** Makes the plugin of a PULUMI_HOME the program at that path. */
export function linkPlugin(home: string, program: string): string {
  const link = kubernetesPlugin(home);
  const present = fs.lstatSync(link, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() === true && fs.readlinkSync(link) === program) return link;
  fs.mkdirSync(path.dirname(link), { recursive: true });
  const partial = `${link}.${process.pid}`;
  fs.rmSync(partial, { force: true });
  fs.symlinkSync(program, partial);
  fs.renameSync(partial, link);
  return link;
}
