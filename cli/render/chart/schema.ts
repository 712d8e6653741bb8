/** Values as people meet them: what each is, what it may be, and files for four kinds of environment. */
import { z } from "zod";
import { PLAIN_SETTINGS } from "../../../components/settings/schema";
import { document } from "../documents";
import type { ChartValues } from "./values";

type Schema = Readonly<Record<string, unknown>>;

const name = "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$";
/** No quote, brace, blank or backslash: values go into files of JSON and YAML. */
const inText = "[^\\s\"'{}\\\\]+";

/** A setting of the same name, as its own table has it. */
function fromTable(key: keyof typeof PLAIN_SETTINGS): Schema {
  const schema = z.toJSONSchema(PLAIN_SETTINGS[key] as z.ZodType, { unrepresentable: "any" });
  // They have a place of their own: the values and what is said of them.
  const left = new Set(["$schema", "default", "description"]);
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !left.has(name)));
}

/** The same, empty where it need not be set. */
function ofSetting(key: keyof typeof PLAIN_SETTINGS): Schema {
  const schema = fromTable(key);
  return schema.type === "string" && schema.enum === undefined ? { anyOf: [{ const: "" }, schema] } : schema;
}

interface Value {
  readonly description: string;
  readonly schema: Schema;
}

const setting = (key: keyof typeof PLAIN_SETTINGS, description?: string, schema: Schema = ofSetting(key)): Value => ({
  description: description ?? (PLAIN_SETTINGS[key] as z.ZodType).description ?? "",
  schema,
});
const own = (description: string, schema: Schema): Value => ({ description, schema });

const VALUES: Readonly<Record<keyof ChartValues, Value>> = {
  hostName: setting(
    "hostName",
    "Required. Host name of the stack, or an IPv4 address: browsers and clients ask for it",
    fromTable("hostName"),
  ),
  exposure: setting("exposure"),
  nodePort: setting("nodePort"),
  ingressClass: setting("ingressClass"),
  ingressAnnotations: own("Annotations of the Ingress, which win over those that answers without a bound need", {
    type: "object",
    additionalProperties: { type: "string" },
  }),
  tlsSecret: setting(
    "tlsSecret",
    "Secret of the namespace with the Ingress' certificate, of type kubernetes.io/tls; left empty, the one beside the secrets",
  ),
  gateway: setting("gateway"),
  storageClass: setting("storageClass"),
  imagePullSecret: setting("imagePullSecret"),
  existingSecret: own(
    "Secret of the namespace with the keys that docs/kubernetes.md lists, and <name>-tls for an Ingress; left empty, a hook makes Secret ralex where there is none",
    { type: "string", maxLength: 63, pattern: `^$|${name}` },
  ),
  secretRevision: own(
    "Any text; another one makes every pod anew that reads the Secret, and sets the databases' passwords",
    {
      type: "string",
      pattern: "^[A-Za-z0-9._-]*$",
    },
  ),
  adminEmail: setting("adminEmail", undefined, {
    type: "string",
    maxLength: 254,
    pattern: `^${inText.replace("]", "@]")}@[A-Za-z0-9.-]+$`,
  }),
  apiReplicas: setting("apiReplicas"),
  apiMaxReplicas: setting("apiMaxReplicas"),
  size: setting("size"),
  monitoring: setting("monitoring"),
  openrouter: own("Whether the Secret has openrouterApiKey; with it OpenRouter is the default upstream", {
    type: "boolean",
  }),
  upstreamUrl: setting("upstreamUrl", undefined, { type: "string", pattern: `^$|^https?://${inText}$` }),
  upstreamKey: own("Whether the Secret has upstreamApiKey, the key of the upstream at upstreamUrl", {
    type: "boolean",
  }),
  images: own("Required, by digest: ./ralex render helm-values -s <stack> prints those of a release", {}),
};

const IMAGE: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["repository", "digest"],
  properties: {
    repository: { type: "string", pattern: "^[a-zA-Z0-9][a-zA-Z0-9._:/-]*$" },
    digest: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" },
  },
};

/** Images that a release may be without: null takes the chart's own value away. */
export const OPTIONAL_IMAGES: ReadonlySet<string> = new Set(["grafana"]);

/** `values.schema.json`. @param images - names of all images of the chart. */
export function schemaText(images: readonly string[]): string {
  const properties = Object.entries(VALUES).map(([key, { description, schema }]) => [key, { description, ...schema }]);
  const document = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of Ralex",
    type: "object",
    additionalProperties: false,
    required: ["hostName", "images"],
    properties: {
      ...Object.fromEntries(properties),
      images: {
        description: VALUES.images.description,
        type: "object",
        additionalProperties: false,
        required: images.filter((image) => !OPTIONAL_IMAGES.has(image)),
        properties: Object.fromEntries(images.map((image) => [image, IMAGE])),
      },
      // Helm hands it to every chart that is part of another one.
      global: { type: "object" },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Values with what each is for above it. */
export function valuesText(values: Partial<ChartValues>, head: string): string {
  const parts = Object.entries(values).map(([key, value]) => {
    const { description } = VALUES[key as keyof ChartValues];
    return `# ${description}.\n${document({ [key]: value })}`;
  });
  return `# ${head}\n\n${parts.join("\n")}`;
}

/** What kinds of environment differ in; digests and, in the end, the host name are of one's own. */
export const ENVIRONMENTS: Readonly<Record<string, { readonly head: string; readonly values: Partial<ChartValues> }>> =
  {
    dev: {
      head: "One of everything, reached by kubectl port-forward.",
      values: { hostName: "ralex-dev.example", exposure: "none", apiReplicas: 1 },
    },
    staging: {
      head: "As production, without the scaling: two replicas behind a load balancer.",
      values: { hostName: "ralex-staging.example", exposure: "loadBalancer", apiReplicas: 2 },
    },
    prod: {
      head: "Behind an Ingress, scaled by load, with a Secret that a store of secrets keeps.",
      values: {
        hostName: "ralex.example",
        exposure: "ingress",
        existingSecret: "ralex-secrets",
        apiReplicas: 3,
        apiMaxReplicas: 8,
      },
    },
    edge: {
      head: "A single board with 1 GB, such as k3s at the edge of a network: no monitoring, a port of the node.",
      values: {
        ...{ hostName: "ralex-edge.example", exposure: "nodePort" },
        ...{ apiReplicas: 1, size: "edge", monitoring: "none" },
      },
    },
  };
