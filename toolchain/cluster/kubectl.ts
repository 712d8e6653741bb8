/** `kubectl` against this cluster and no other. */
import * as path from "node:path";
import execa from "execa";
import { goTool } from "../go-tools";
import { kubeconfigPath, runFolder } from "./paths";

export interface KubectlOptions {
  /** Given to its standard input. */
  readonly input?: string;
  /** Credentials of another than the administrator. */
  readonly kubeconfig?: string;
}

/**
 * What kubectl prints.
 * @throws Error with what it says is wrong
 */
export async function kubectl(args: readonly string[], options: KubectlOptions = {}): Promise<string> {
  const { input, kubeconfig = kubeconfigPath() } = options;
  // Its cache would be in ~/.kube.
  const own = ["--kubeconfig", kubeconfig, "--cache-dir", path.join(runFolder(), "kubectl-cache")];
  const { failed, stdout, stderr, exitCode } = await execa(await goTool("kubectl"), [...own, ...args], {
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    env: { KUBECONFIG: "", KUBERC: "off" },
    reject: false,
  });
  if (failed)
    throw new Error(`kubectl ${args.slice(0, 3).join(" ")}: ${stderr.trim() || `it ended with exit code ${exitCode}`}`);
  return stdout;
}

interface Condition {
  readonly type: string;
  readonly status: string;
}
interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface Readiness {
  readonly name: string;
  readonly ready: boolean;
}

/** Whether each object of a `kubectl get -o json` is Ready; what is being deleted counts no more. */
export const readiness = (list: string): readonly Readiness[] =>
  (JSON.parse(list) as { items: readonly Listed[] }).items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status?.conditions?.some(({ type, status: state }) => type === "Ready" && state === "True") === true,
    }));
