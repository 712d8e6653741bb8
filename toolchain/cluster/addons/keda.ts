/** KEDA from its own manifests, which are in its module: it scales on what Prometheus and others see. */
import * as path from "node:path";
import { GO_MODULES, goModuleSource } from "../../go-tools";
import { kubectl } from "../kubectl";
import type { Manifest } from "../system/manifest";
import { manifestsOf, withImages } from "./published";

export const KEDA = { namespace: "keda", workloads: ["keda-operator", "keda-metrics-apiserver"] } as const;

/** What checks objects when they are made: a third program, and nothing scales without it any less. */
const WEBHOOKS = /webhook|admission/;

/** @param image - with both programs, by digest. */
export async function keda(image: string): Promise<readonly Manifest[]> {
  const module = `github.com/kedacore/keda/v2@v${GO_MODULES.keda.version}`;
  const folder = path.join(await goModuleSource("keda", module), "config/default");
  const published = manifestsOf(await kubectl(["kustomize", folder]));
  return published
    .filter(({ kind, metadata }) => !WEBHOOKS.test(kind.toLowerCase()) && !WEBHOOKS.test(metadata.name))
    .map((manifest) => withImages(manifest, () => image));
}
