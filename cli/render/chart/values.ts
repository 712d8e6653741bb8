/** The chart's values: what of the settings is left open, and under which conditions objects differ. */
import type { Available } from "../../../components/app/ralex";
import type { Settings } from "../../../components/settings/schema";
import { pairsOf } from "../../../components/settings/metadata-lines";
import { SIZE_NAMES } from "../../../components/settings/sizes";
import type { Dimension } from "./merge";

/** Texts that stand for values while the objects are made; none of them occurs otherwise. */
export const TOKEN = {
  instance: "ralexinstance",
  secret: "ralexsecret",
  host: "ralexhost.invalid",
  email: "ralexemail@ralex.invalid",
  upstream: "https://ralexupstream.invalid/v1",
  storageClass: "ralexstorageclass",
  ingressClass: "ralexingressclass",
  tlsSecret: "ralextlssecret",
  gatewayNamespace: "ralexgatewaynamespace",
  gatewayListener: "ralexgatewaylistener",
  gatewayName: "ralexgatewayname",
  pullSecret: "ralexpullsecret",
  repository: "ralexrepository",
  replicas: "ralexreplicas",
  maxReplicas: "ralexmaxreplicas",
  nodePort: "ralexnodeport",
  address: "ralexaddress",
  filesHash: "ralexfileshash",
} as const;

/** Stands where the Ingress' own annotations go. */
export const OWN_ANNOTATION = "zz-ralex.invalid/own: ralexannotations";

export const NODE_PORT = 31_999;
/** Numbers of replicas that stand for values. */
export const REPLICAS = 17;
export const MAX_REPLICAS = 19;

const SCALED = "(gt (int .Values.apiMaxReplicas) (int .Values.apiReplicas))";
const SEVERAL = "(gt (int .Values.apiReplicas) 1)";

/** A dimension of the chart, with the settings, or the images, that each option stands for. */
interface ChartDimension extends Dimension {
  readonly options: readonly {
    readonly name: string;
    readonly when: string;
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly available?: Available;
  }[];
}

export const DIMENSIONS: readonly ChartDimension[] = [
  {
    name: "size",
    options: SIZE_NAMES.map((size) => ({ name: size, when: `(eq .Values.size "${size}")`, settings: { size } })),
  },
  {
    name: "monitoring",
    options: [
      { name: "own", when: '(eq .Values.monitoring "own")', settings: { monitoring: "own" } },
      { name: "none", when: '(eq .Values.monitoring "none")', settings: { monitoring: "none" } },
    ],
  },
  {
    // Not every release has it.
    name: "grafana",
    options: [
      { name: "yes", when: ".Values.images.grafana", available: { grafana: true } },
      { name: "no", when: "(not .Values.images.grafana)", available: { grafana: false } },
    ],
  },
  {
    name: "replicas",
    options: [
      { name: "one", when: `(not (or ${SEVERAL} ${SCALED}))`, settings: { apiReplicas: 1 } },
      { name: "several", when: `(and ${SEVERAL} (not ${SCALED}))`, settings: { apiReplicas: REPLICAS } },
      { name: "scaled", when: SCALED, settings: { apiReplicas: REPLICAS, apiMaxReplicas: MAX_REPLICAS } },
    ],
  },
  {
    name: "exposure",
    options: (["none", "nodePort", "loadBalancer", "ingress", "gateway"] as const).map((exposure) => ({
      name: exposure,
      when: `(eq .Values.exposure "${exposure}")`,
      settings: {
        exposure,
        ...(exposure === "nodePort" ? { nodePort: NODE_PORT } : {}),
        ...(exposure === "ingress"
          ? { ingressClass: TOKEN.ingressClass, tlsSecret: TOKEN.tlsSecret, ingressAnnotations: OWN_ANNOTATION }
          : {}),
        ...(exposure === "gateway"
          ? { gateway: `${TOKEN.gatewayNamespace}/${TOKEN.gatewayName}/${TOKEN.gatewayListener}` }
          : {}),
      },
    })),
  },
  {
    name: "openrouter",
    options: [
      { name: "no", when: "(not .Values.openrouter)", settings: {} },
      { name: "yes", when: ".Values.openrouter", settings: { openrouterApiKey: "set" } },
    ],
  },
  {
    name: "upstream",
    options: [
      { name: "no", when: "(not .Values.upstreamUrl)", settings: {} },
      {
        name: "open",
        when: "(and .Values.upstreamUrl (not .Values.upstreamKey))",
        settings: { upstreamUrl: TOKEN.upstream },
      },
      {
        name: "with a key",
        when: "(and .Values.upstreamUrl .Values.upstreamKey)",
        settings: { upstreamUrl: TOKEN.upstream, upstreamApiKey: "set" },
      },
    ],
  },
];

/** An image of a value: its repository and its digest. */
export interface ImageValue {
  readonly repository: string;
  readonly digest: string;
}

/**
 * Values that say the same as settings.
 * @param images - null for one that the chart has a value of, and a release none.
 * @param existingSecret - empty where the chart makes the Secret.
 */
export function valuesOf(
  settings: Settings,
  images: Readonly<Record<string, ImageValue | null>>,
  existingSecret: string,
) {
  return {
    hostName: settings.hostName ?? "",
    exposure: settings.exposure,
    nodePort: settings.nodePort,
    ingressClass: settings.ingressClass ?? "",
    ingressAnnotations: pairsOf(settings.ingressAnnotations ?? ""),
    tlsSecret: settings.tlsSecret ?? "",
    gateway: settings.gateway ?? "",
    storageClass: settings.storageClass ?? "",
    imagePullSecret: settings.imagePullSecret ?? "",
    existingSecret,
    secretRevision: "",
    adminEmail: settings.adminEmail,
    apiReplicas: settings.apiReplicas,
    apiMaxReplicas: settings.apiMaxReplicas,
    size: settings.size,
    monitoring: settings.monitoring,
    openrouter: settings.secretsSet.has("openrouterApiKey"),
    upstreamUrl: settings.upstreamUrl ?? "",
    upstreamKey: settings.secretsSet.has("upstreamApiKey"),
    images,
  };
}

export type ChartValues = ReturnType<typeof valuesOf>;
