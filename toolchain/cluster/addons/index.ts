/** What a running cluster may be given beside its system pods, for tests of what a stack asks of a cluster. */
import { progress } from "../../progress";
import type { Recipe } from "../../substitutes/recipes";
import { imageReferences } from "../images/references";
import { kubectl } from "../kubectl";
import type { Manifest } from "../system/manifest";
import { asList } from "../system/pods";
import { CONTOUR, contour } from "./contour";
import { ADDON_IMAGES } from "./images";
import { KEDA, keda } from "./keda";
import type { AddonName } from "./names";
import { networkPolicies, POLICIES } from "./policies";
import { serviceMonitors } from "./service-monitors";

export { CONTOUR } from "./contour";
export { KEDA } from "./keda";

interface Addon {
  readonly images: Readonly<Record<string, Recipe>>;
  readonly manifests: (images: Readonly<Record<string, string>>) => Promise<readonly Manifest[]>;
  /** What is waited for, as `kubectl rollout status` names it. */
  readonly ready: readonly { readonly namespace: string; readonly workload: string }[];
}

export const ADDONS = {
  /** NetworkPolicies are enforced. */
  "network-policies": {
    images: { "kube-router": ADDON_IMAGES["kube-router"] },
    manifests: (images) => Promise.resolve(networkPolicies(images["kube-router"] ?? "")),
    ready: [{ namespace: POLICIES.namespace, workload: `daemonset/${POLICIES.name}` }],
  },
  /** An Ingress class and a class of Gateways, both `contour`, served by Envoy behind an address of the cluster. */
  contour: {
    images: { contour: ADDON_IMAGES.contour, envoy: ADDON_IMAGES.envoy },
    manifests: ({ contour: image = "", envoy = "" }) => contour({ contour: image, envoy }),
    ready: ["deployment/contour", "daemonset/envoy"].map((workload) => ({ namespace: CONTOUR.namespace, workload })),
  },
  /** Scales on what Prometheus sees, by `ScaledObject`. */
  keda: {
    images: { keda: ADDON_IMAGES.keda },
    manifests: ({ keda: image = "" }) => keda(image),
    ready: KEDA.workloads.map((name) => ({ namespace: KEDA.namespace, workload: `deployment/${name}` })),
  },
  /** ServiceMonitors and PrometheusRules are accepted; no operator reads them. */
  "service-monitors": { images: {}, manifests: serviceMonitors, ready: [] },
} as const satisfies Record<AddonName, Addon>;

const READY_SECONDS = 120;

/** Gives the running cluster an add-on, or finds it there; compiled (2 minutes) and built first where it is not. */
export async function addToCluster(name: AddonName): Promise<void> {
  const addon: Addon = ADDONS[name];
  const manifests = await addon.manifests(await imageReferences(addon.images));
  await progress.step(`giving the cluster ${name}`, 20, async () => {
    // Kinds and namespaces first: the rest is of them.
    const [first, rest] = [manifests.filter(isFirst), manifests.filter((one) => !isFirst(one))];
    for (const part of [first, rest].filter(({ length }) => length > 0)) {
      await kubectl(["apply", "--server-side", "--force-conflicts", "--filename", "-"], { input: asList(part) });
    }
    for (const { namespace, workload } of addon.ready) {
      await kubectl(["rollout", "status", workload, "--namespace", namespace, `--timeout=${READY_SECONDS}s`]);
    }
  });
}

const isFirst = ({ kind }: Manifest): boolean => kind === "CustomResourceDefinition" || kind === "Namespace";
