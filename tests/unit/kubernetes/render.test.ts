/** The objects that are rendered for people without Pulumi, against those that the Pulumi program makes. */
import { imagesOf } from "../../../components/app/model";
import type { Text } from "../../../components/app/model";
import { ImageRef } from "../../../components/image/image-ref";
import { keysByService } from "../../../components/kubernetes/existing-secret";
import { serviceText } from "../../../components/kubernetes/names";
import {
  renderObjects,
  renderProbe,
  type KubernetesObject,
  type RenderArgs,
} from "../../../components/kubernetes/render/objects";
import { orderedJob, UNORDERED_JOB } from "../../../components/kubernetes/workload";
import { inForm } from "../../../components/secrets/forms";
import { record, secretHash } from "../../support/recorder";
import { clusterSettings, DIGEST, kubernetesStack, onKubernetes } from "../../support/on-kubernetes";

const RELEASE = { release: { id: "r-1", images: {} } };
const KEYS = { openrouterKey: true, upstreamUrl: "https://up.test/v1", upstreamKey: true };
const STORES = { postgresUrl: "postgresql://a@db.example/?sslmode=require", redisUrl: "rediss://cache.example" };
const CA = "cert-of-ralex-tls-ca\n";
const CERTIFICATE = `cert-of-ralex-tls-edge\n${CA}`;
const KEY = "key-of-ralex-tls-edge-key\n";

/** Secrets as the recorder gives them to the program. */
const valueOf = (secret: string): string =>
  ({ tlsCaCertificate: CA, tlsCertificate: CERTIFICATE, tlsPrivateKey: KEY, openrouterApiKey: "canary-key" })[secret] ??
  `value-of-ralex-secrets-${secret}`;

function args(configuration: Record<string, unknown>): Omit<RenderArgs, "secretFiles"> {
  const settings = clusterSettings(configuration);
  const application = onKubernetes(settings);
  const images = imagesOf(application).map((image) => [image, ImageRef.of(`r/${image}`, DIGEST)] as const);
  return { stack: "staging", application, settings, images: Object.fromEntries(images), jobs: UNORDERED_JOB };
}

function withValues(configuration: Record<string, unknown>): readonly KubernetesObject[] {
  const common = args(configuration);
  const text = (value: Text): string => {
    if (typeof value === "string") return value;
    if ("join" in value) return value.join.map(text).join("");
    return value.ref === "secret" ? inForm(valueOf(value.secret), value.form) : serviceText(value, common.application);
  };
  const secretFiles = { text, certificate: CERTIFICATE, privateKey: KEY };
  return renderObjects({ ...common, secretFiles, jobs: orderedJob(common.settings.waitSeconds) });
}

const EXISTING = { name: "vault", image: ImageRef.of("r/probe", DIGEST) };
const withExisting = (configuration: Record<string, unknown>): readonly KubernetesObject[] =>
  renderObjects({ ...args(configuration), secretFiles: { existing: EXISTING } });

/** The same as the program makes it, which has asked for the Secret and sees to the order. */
function withExistingKnown(configuration: Record<string, unknown>): readonly KubernetesObject[] {
  const common = args(configuration);
  const hashes = Object.entries(keysByService(common.application)).map(([name, keys]) => [name, secretHash(keys)]);
  const secretFiles = { existing: { ...EXISTING, hashes: Object.fromEntries(hashes) as Record<string, string> } };
  return renderObjects({ ...common, secretFiles, jobs: orderedJob(common.settings.waitSeconds) });
}

const keyOf = ({ kind, metadata: { name, namespace = "-" } }: KubernetesObject): string =>
  `${kind} ${namespace}/${name}`;
const byKey = (objects: readonly KubernetesObject[]) => Object.fromEntries(objects.map((one) => [keyOf(one), one]));

/** How the engine is told that a value is secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Inputs as the provider sees them. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value) return opened((value as unknown as { readonly value: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, opened(part)]));
}

/** What a program hands to the provider, as an object of the API: without what is for Pulumi alone, in its namespace. */
function asObject(inputs: Readonly<Record<string, unknown>>, namespace: string): KubernetesObject {
  const object = opened(inputs) as KubernetesObject;
  const { annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(annotations).filter(([name]) => !name.startsWith("pulumi.com/"));
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(object.kind === "Namespace" ? {} : { namespace: metadata.namespace ?? namespace }),
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
  };
}

/** Claims of the program that no pod mounts: it keeps those of everything that a setting may bring back. */
function withoutSpareClaims(made: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const mounted = new Set(JSON.stringify(made).match(/(?<="claimName":")[^"]+/g));
  return made.filter(({ kind, metadata }) => kind !== "PersistentVolumeClaim" || mounted.has(metadata.name));
}

describe("the rendered objects", () => {
  test.each([
    ["of a pinned release", RELEASE],
    ["without a release", {}],
    [
      "behind an Ingress, scaled, with a key",
      { exposure: "ingress", apiMaxReplicas: 6, openrouterApiKey: "canary-key" },
    ],
    [
      "behind an Ingress with a certificate of somebody else's",
      { exposure: "ingress", tlsSecret: "bought", ingressAnnotations: "cert-manager.io/cluster-issuer: letsencrypt" },
    ],
    ["behind a Gateway", { exposure: "gateway", gateway: "edge-system/public/https" }],
    ["behind a port of the nodes, with one replica", { exposure: "nodePort", apiReplicas: 1, monitoring: "none" }],
    ["scaled by KEDA, of a class of priority", { keda: "keda", apiMaxReplicas: 6, logs: "own", priorityClass: "high" }],
    ["scraped by somebody else", { serviceMonitors: "watch", serviceMonitorLabels: "release: p", namespace: "chat" }],
    ["with operators' pages", { operatorListeners: true, logs: "own", exposure: "loadBalancer" }],
    ["with a collector of its own", { logs: "own", namespace: "chat", imagePullSecret: "login" }],
    [
      "with a class, a login and an upstream",
      { storageClass: "fast", imagePullSecret: "login", exposure: "loadBalancer", upstreamUrl: "https://up.test/v1" },
    ],
  ])("are those that the Pulumi program makes, one by one: %s", async (_, configuration) => {
    const { resources } = await record(() => kubernetesStack(configuration), { stack: "staging" });
    const { namespace = "ralex-staging" } = configuration as { readonly namespace?: string };
    const made = withoutSpareClaims(
      resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ inputs }) => asObject(inputs, namespace)),
    );
    expect(made.length).toBeGreaterThan(35);
    const rendered = withValues(configuration);
    expect(rendered.map(keyOf).sort()).toEqual(made.map(keyOf).sort());
    expect(byKey(rendered)).toEqual(byKey(made));
    expect(Object.keys(byKey(rendered))).toHaveLength(rendered.length);
  });

  test.each([
    ["of a pinned release", RELEASE],
    ["behind an Ingress, scaled, with keys", { exposure: "ingress", apiMaxReplicas: 6, ...KEYS }],
    ["with stores that somebody else runs", { ...RELEASE, ...STORES }],
    ["behind an Ingress with a certificate of its own", { exposure: "ingress", tlsSecret: "issued" }],
    ["behind a Gateway", { exposure: "gateway", gateway: "edge-system/public/https" }],
    ["with a collector of its own and operators' pages", { logs: "own", operatorListeners: true }],
  ])("are those that the Pulumi program makes with an existing Secret, one by one: %s", async (_, configuration) => {
    const all = { ...configuration, existingSecret: "vault" };
    const { resources } = await record(() => kubernetesStack(all), { stack: "staging" });
    const made = withoutSpareClaims(
      resources
        .filter(({ type }) => type.startsWith("kubernetes:"))
        .map(({ inputs }) => asObject(inputs, "ralex-staging")),
    );
    expect(made.length).toBeGreaterThan(35);
    const rendered = withExistingKnown(all);
    expect(rendered.map(keyOf).sort()).toEqual(made.map(keyOf).sort());
    expect(byKey(rendered)).toEqual(byKey(made));
  });

  test("of the checks are the same too, with an existing Secret", async () => {
    const all = { ...RELEASE, existingSecret: "vault" };
    const { resources } = await record(() => kubernetesStack(all), { stack: "staging" });
    const [checks] = resources.filter(({ type }) => type === "ralex:kubernetes:Checks");
    const common = args(all);
    const keys = keysByService(common.application).probe ?? [];
    expect(keys).toContain("apiKey");
    const existing = { ...EXISTING, hashes: { probe: secretHash(keys) } };
    const probe = opened(checks?.inputs.probe) as { readonly spec: { readonly template: unknown } };
    expect(probe.spec.template).toEqual(renderProbe({ ...common, secretFiles: { existing } }));
  });

  test("have nothing of Pulumi's, and nothing that a document of YAML cannot say", () => {
    const text = JSON.stringify(withExisting(RELEASE));
    expect(text).not.toContain("pulumi.com");
    expect(JSON.parse(text)).toEqual(withExisting(RELEASE));
  });
});

describe("with a Secret that somebody else makes", () => {
  const objects = withExisting({ ...RELEASE, exposure: "ingress" });
  const pods = objects
    .filter(({ kind }) => ["Deployment", "StatefulSet", "Job"].includes(kind))
    .map(({ metadata, spec }) => ({ name: metadata.name, pod: (spec as { template: { spec: Pod } }).template.spec }));

  interface Pod {
    readonly initContainers?: readonly { readonly image: string; readonly securityContext: unknown }[];
    readonly containers: readonly { readonly volumeMounts: readonly { name: string; readOnly?: boolean }[] }[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly projected?: { readonly sources: readonly Source[] };
    }[];
  }
  interface Source {
    readonly secret?: {
      readonly name: string;
      readonly items: readonly { readonly key: string; readonly mode: number }[];
    };
  }

  test("no Secret is made", () => {
    expect(objects.filter(({ kind }) => kind === "Secret")).toEqual([]);
    expect(objects.find(({ kind }) => kind === "Ingress")?.spec).toMatchObject({ tls: [{ secretName: "vault-tls" }] });
  });

  test("a pod sees the keys that its own files are made from, and no others", () => {
    const keys = Object.fromEntries(
      pods.map(({ name, pod }) => [
        name.replace(/-[0-9a-f]{8}$/, ""),
        (pod.volumes ?? [])
          .flatMap(({ projected }) => projected?.sources ?? [])
          .flatMap(({ secret }) => (secret?.name === "vault" ? secret.items : []))
          .map(({ key, mode }) => `${key} ${mode.toString(8)}`),
      ]),
    );
    expect(keys).toMatchObject({
      api: ["apiKey 440", "ralexDatabasePassword 440", "redisPassword 440"],
      edge: ["tlsCertificate 440", "tlsPrivateKey 440"],
      postgres: ["superuserPassword 440"],
      migrations: ["ralexDatabasePassword 440"],
      prometheus: [],
    });
  });

  test("files are composed before anything else runs, as confined as the rest, and read-only for what reads them", () => {
    const composing = pods.filter(({ pod }) => pod.initContainers !== undefined);
    expect(composing.map(({ name }) => name)).toContain("postgres");
    expect(pods.length).toBeGreaterThan(composing.length);
    for (const { pod } of composing) {
      expect(pod.initContainers).toEqual([
        expect.objectContaining({
          image: `r/probe@${DIGEST}`,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        }),
      ]);
      const [container] = pod.containers;
      expect(container?.volumeMounts.find(({ name }) => name === "files")).toMatchObject({ readOnly: true });
    }
  });

  test("what is composed is said in parts, with the secret's name where the secret goes", () => {
    const data = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "api-files")?.data;
    const { composed } = JSON.parse((data as Record<string, string>)["files.json"] ?? "") as {
      composed: readonly { readonly path: string; readonly mode: string; readonly parts: unknown }[];
    };
    expect(composed.find(({ path }) => path === "secrets/database_url")).toEqual({
      path: "secrets/database_url",
      mode: "0440",
      parts: ["postgresql://ralex:", { secret: "ralexDatabasePassword", form: "url" }, "@postgres:5432/ralex"],
    });
  });

  test("jobs are given the time of images and databases that come with them", () => {
    const jobs = objects.filter(({ kind }) => kind === "Job").map(({ spec }) => spec);
    expect(jobs).toHaveLength(2);
    for (const spec of jobs) expect(spec).toMatchObject({ backoffLimit: 10, activeDeadlineSeconds: 3600 });
  });
});
