/** Whether a cluster has what leads to the edge: a class of Ingress, or the listener of a Gateway. */
import { unlessMissing, type Cluster } from "../../../components/kubernetes/client";
import type { Settings } from "../../../components/settings/schema";

/** What is wrong, each with what to do; empty for ways that need nothing of the cluster. */
export function missingWayIn(cluster: Cluster, settings: Settings): Promise<readonly string[]> {
  const found = { none, nodePort: none, loadBalancer: none, ingress, gateway }[settings.exposure];
  return found(cluster, settings);
}

type Look = (cluster: Cluster, settings: Settings) => Promise<readonly string[]>;

const none: Look = () => Promise.resolve([]);

const listed = (what: string, names: readonly string[]): string =>
  names.length === 0 ? `it has no ${what}` : `it has ${names.join(", ")}`;

const DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class";

const ingress: Look = async ({ config }, { ingressClass }) => {
  const { NetworkingV1Api } = await import("@kubernetes/client-node");
  const { items } = await config.makeApiClient(NetworkingV1Api).listIngressClass();
  const has = listed(
    "Ingress class",
    items.map(({ metadata }) => metadata?.name ?? ""),
  );
  const classes =
    ingressClass === undefined
      ? items.filter(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true")
      : items.filter(({ metadata }) => metadata?.name === ingressClass);
  const wanted = ingressClass === undefined ? "default Ingress class" : `Ingress class ${ingressClass}`;
  return classes.length > 0
    ? []
    : [`the cluster has no ${wanted}; ${has}: set ralex:ingressClass to one of them, or ralex:exposure to another way`];
};

interface Gateway {
  readonly spec: { readonly listeners: readonly { readonly name: string; readonly protocol: string }[] };
}

/** Protocols of the Gateway API after which a route sees HTTP that came over TLS. */
const ENDS_TLS = "HTTPS";

const gateway: Look = async ({ config }, { gateway: setting = "" }) => {
  const { CustomObjectsApi } = await import("@kubernetes/client-node");
  const [namespace = "", name = "", listener = ""] = setting.split("/");
  const found = (await unlessMissing(
    config.makeApiClient(CustomObjectsApi).getNamespacedCustomObject({
      ...{ group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" },
      ...{ namespace, name },
    }),
  )) as Gateway | undefined;
  if (found === undefined) {
    return [
      `the cluster has no Gateway ${name} in ${namespace}: kubectl get gateways --all-namespaces lists those that it has; ` +
        "set ralex:gateway to one of them, or ralex:exposure to another way",
    ];
  }
  const { listeners } = found.spec;
  const named = listeners.find((one) => one.name === listener);
  const has = listed(
    "listener",
    listeners.map((one) => `${one.name} (${one.protocol})`),
  );
  if (named?.protocol === ENDS_TLS) return [];
  const wrong = named === undefined ? `has no listener ${listener}` : `ends no TLS at ${listener}`;
  return [`the Gateway ${name} in ${namespace} ${wrong}; ${has}: set ralex:gateway to one of protocol ${ENDS_TLS}`];
};
