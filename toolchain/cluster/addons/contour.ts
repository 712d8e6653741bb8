/** Contour and Envoy from Contour's own manifests, which are in its module: an Ingress class, and a class of Gateways. */
import * as path from "node:path";
import { GO_MODULES, goModuleSource } from "../../go-tools";
import type { Manifest } from "../system/manifest";
import { manifestsIn, withImages } from "./published";

export const CONTOUR = { namespace: "projectcontour", className: "contour", gateway: "public" } as const;

/** Folders of the module, in the order in which they are applied; later ones say some things anew. */
const FOLDERS = ["gateway", "contour"] as const;
/** A Gateway and a class of the examples' own names. */
const LEFT_OUT = new Set(["Gateway", "GatewayClass"]);

/** @param images - Contour's and Envoy's, by digest. */
export async function contour(images: {
  readonly contour: string;
  readonly envoy: string;
}): Promise<readonly Manifest[]> {
  const module = `github.com/projectcontour/contour@v${GO_MODULES.contour.version}`;
  const examples = path.join(await goModuleSource("contour", module), "examples");
  const published = FOLDERS.flatMap((folder) => manifestsIn(path.join(examples, folder)));
  return [
    ...published
      .filter(({ kind, metadata }) => !LEFT_OUT.has(kind) && !(kind === "ConfigMap" && metadata.name === "contour"))
      .map((manifest) =>
        withImages(manifest, (published) => (published.includes("/envoy:") ? images.envoy : images.contour)),
      ),
    configuration,
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: CONTOUR.className },
      spec: { controller: "projectcontour.io/ingress-controller" },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: CONTOUR.className },
      spec: { controllerName: "projectcontour.io/gateway-controller" },
    },
  ];
}

/** Contour serves one Gateway, by its name; with one there, an Ingress is reached by the same listeners. */
const configuration: Manifest = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "contour", namespace: CONTOUR.namespace },
  data: {
    "contour.yaml": JSON.stringify({
      gateway: { gatewayRef: { name: CONTOUR.gateway, namespace: CONTOUR.namespace } },
    }),
  },
};
