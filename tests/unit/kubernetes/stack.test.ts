/** What a stack on a cluster is made of. That a cluster takes it, and that a second update changes nothing, the kubernetes tier shows. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Output } from "@pulumi/pulumi";
import execa from "execa";
import { ofType, record, secretHash, type Recorded } from "../../support/recorder";
import { DIGEST, kubernetesStack } from "../../support/on-kubernetes";

const STORES = {
  ...{ postgresUrl: "postgresql://a@db.example/?sslmode=require", postgresPassword: "set" },
  ...{ redisUrl: "rediss://cache.example", redisPassword: "set" },
};

const recorded = new Map<string, ReturnType<typeof record>>();

function stack(configuration: Record<string, unknown> = {}): ReturnType<typeof record> {
  const key = JSON.stringify(configuration);
  const known = recorded.get(key) ?? record(() => kubernetesStack(configuration), { stack: "staging" });
  recorded.set(key, known);
  return known;
}

const RELEASE = { release: { id: "r-1", images: {} } };
const WORKLOADS = ["Deployment", "StatefulSet"].map((kind) => `kubernetes:apps/v1:${kind}`);

interface Pod {
  readonly metadata: { readonly annotations: Record<string, string> };
  readonly spec: Record<string, unknown> & { readonly containers: readonly Record<string, unknown>[] };
}

const templates = (resources: readonly Recorded[]): readonly { readonly name: string; readonly pod: Pod }[] =>
  [...WORKLOADS, "kubernetes:batch/v1:Job"]
    .flatMap((type) => ofType(resources, type))
    .map(({ name, inputs }) => ({ name, pod: (inputs.spec as { template: Pod }).template }));

describe("the stack on a cluster", () => {
  test("declares exactly these objects", async () => {
    const { resources } = await stack(RELEASE);
    const counts: Record<string, number> = {};
    for (const { type, custom } of resources) if (custom) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      "ralex:kubernetes:Cluster": 1,
      "ralex:kubernetes:Checks": 1,
      "pulumi:providers:kubernetes": 1,
      "kubernetes:core/v1:Namespace": 1,
      "kubernetes:core/v1:ServiceAccount": 1,
      // Every service, every job and the probe, and the one that refuses everything else.
      "kubernetes:networking.k8s.io/v1:NetworkPolicy": 14,
      "kubernetes:core/v1:PersistentVolumeClaim": 7,
      "kubernetes:core/v1:ConfigMap": 8,
      "kubernetes:core/v1:Secret": 10,
      // Of all that has a port, and once more where each replica is asked by itself.
      "kubernetes:core/v1:Service": 16,
      "kubernetes:apps/v1:Deployment": 6,
      "kubernetes:apps/v1:StatefulSet": 4,
      "kubernetes:batch/v1:Job": 2,
      "kubernetes:policy/v1:PodDisruptionBudget": 1,
      "random:index/randomPassword:RandomPassword": 9,
      "tls:index/privateKey:PrivateKey": 2,
      "tls:index/selfSignedCert:SelfSignedCert": 1,
      "tls:index/certRequest:CertRequest": 1,
      "tls:index/locallySignedCert:LocallySignedCert": 1,
    });
  });

  test("keeps namespace, claims, secrets and certificates when it is stopped, and nothing that runs", async () => {
    const { resources } = await stack({ running: false });
    expect(templates(resources)).toEqual([]);
    expect(ofType(resources, "kubernetes:core/v1:PersistentVolumeClaim")).toHaveLength(7);
    expect(ofType(resources, "random:index/randomPassword:RandomPassword")).toHaveLength(9);
  });

  test("protects what holds data: the namespace, and every claim", async () => {
    const { registrations } = await stack();
    const held = registrations.filter(({ type }) =>
      ["kubernetes:core/v1:Namespace", "kubernetes:core/v1:PersistentVolumeClaim"].includes(type),
    );
    expect(held).toHaveLength(8);
    expect(held.filter(({ protect }) => !protect)).toEqual([]);
  });

  test("confines every pod as Pod Security's restricted asks, with a read-only root and no token", async () => {
    const { resources } = await stack();
    const pods = templates(resources);
    expect(pods).toHaveLength(12);
    for (const { pod } of pods) {
      expect(pod.spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        serviceAccountName: "ralex",
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect((pod.spec.securityContext as { runAsUser: number }).runAsUser).toBeGreaterThan(0);
      for (const container of pod.spec.containers) {
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { limits: { memory: expect.any(String), cpu: expect.any(String) } },
        });
        expect(container.image).toMatch(new RegExp(`^r/[a-z-]+@${DIGEST}$`));
      }
    }
    const [namespace] = ofType(resources, "kubernetes:core/v1:Namespace");
    expect(namespace?.inputs.metadata).toMatchObject({
      name: "ralex-staging",
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
  });

  test("has secrets in Secrets and nowhere else", async () => {
    const { resources } = await stack();
    const others = resources.filter(
      ({ type }) => !/:(Secret|RandomPassword|PrivateKey|SelfSignedCert|CertRequest|LocallySignedCert)$/.test(type),
    );
    expect(others.length).toBeGreaterThan(40);
    const text = JSON.stringify(others.map(({ inputs }) => inputs));
    // In clear, and as a Secret has them.
    const base64 = (secret: string) => Buffer.from(secret).toString("base64");
    expect(text).not.toMatch(/value-of-|key-of-|canary-key|dmFsdWUtb2Yt/);
    const secrets = JSON.stringify(ofType(resources, "kubernetes:core/v1:Secret"));
    expect(secrets).toContain(base64("value-of-ralex-secrets-apiKey"));
    expect(secrets).not.toContain("stringData");
  });

  test("keeps claims and generated secrets of stores that others took the place of, and runs none of them", async () => {
    const own = (await stack()).resources;
    const { resources, registrations } = await stack(STORES);
    for (const type of ["kubernetes:core/v1:PersistentVolumeClaim", "random:index/randomPassword:RandomPassword"]) {
      expect(ofType(resources, type)).toEqual(ofType(own, type));
      const kept = registrations.filter((one) => one.type === type);
      expect(kept.filter(({ protect }) => !protect)).toEqual([]);
    }
    const names = templates(resources).map(({ name }) => name);
    expect(templates(own).map(({ name }) => name)).toEqual(
      expect.arrayContaining([...names, "ralex-postgres-stateful-set", "ralex-redis-stateful-set"]),
    );
    expect(names).toHaveLength(templates(own).length - 2);
    const others = resources.filter(({ type }) => type !== "kubernetes:core/v1:Secret");
    expect(JSON.stringify(others.map(({ inputs }) => inputs))).not.toContain("canary-");
    const secrets = JSON.stringify(ofType(resources, "kubernetes:core/v1:Secret"));
    const base64 = (secret: string) => Buffer.from(secret).toString("base64");
    expect(secrets).toContain(base64("canary-p:1"));
    expect(secrets).toContain(base64("rediss://:canary-r%3A2@cache.example:6379/0"));
  });

  test("says everything as the API server writes it back, so that an update does what its plan says", async () => {
    const { resources } = await stack({ webMaxUploadMib: 320 });
    const odd = (value: unknown): readonly string[] => {
      if (Array.isArray(value)) return value.length === 0 ? ["an empty list"] : value.flatMap(odd);
      if (typeof value === "object" && value !== null) return Object.values(value).flatMap(odd);
      const gib = /^(\d+)Mi$/.exec(String(value));
      return /^\d+000m$/.test(String(value)) || (gib !== null && Number(gib[1]) % 1024 === 0) ? [String(value)] : [];
    };
    const pods = templates(resources);
    expect(JSON.stringify(pods)).toMatch(/"2Gi"/);
    expect(pods.map(({ name, pod }) => [name, odd(pod)])).toEqual(pods.map(({ name }) => [name, []]));
  });

  test("gives every pod a hash over its files, so that another content is another pod", async () => {
    const hashes = async (configuration: Record<string, unknown>) =>
      Object.fromEntries(
        templates((await stack(configuration)).resources).map(({ name, pod }) => [
          name,
          pod.metadata.annotations["ralex.dev/files"],
        ]),
      );
    const [before, after] = [await hashes({}), await hashes({ apiCorsOrigins: "https://app.example" })];
    expect(Object.values(before).filter((hash) => !/^[0-9a-f]{64}$/.test(hash ?? ""))).toEqual([]);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed).toEqual(["ralex-edge-deployment"]);
  });

  test("leaves the number of replicas to the autoscaler where there is one", async () => {
    const api = async (configuration: Record<string, unknown>) => {
      const { resources } = await stack(configuration);
      const scalers = ofType(resources, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler");
      const deployment = ofType(resources, "kubernetes:apps/v1:Deployment").find(
        ({ name }) => name === "ralex-api-deployment",
      );
      return [scalers.map(({ inputs }) => inputs.spec), (deployment?.inputs.spec as { replicas?: number }).replicas];
    };
    expect(await api({ apiReplicas: 3 })).toEqual([[], 3]);
    expect(await api({ apiReplicas: 2, apiMaxReplicas: 6 })).toEqual([
      [expect.objectContaining({ minReplicas: 2, maxReplicas: 6 })],
      undefined,
    ]);
  });

  test("has KEDA scale the API by the requests in flight, and leaves the number of replicas to it", async () => {
    const { resources } = await stack({ apiMaxReplicas: 6, keda: "keda", apiRequestsPerReplica: 8 });
    expect(ofType(resources, "kubernetes:autoscaling/v2:HorizontalPodAutoscaler")).toEqual([]);
    const [scaled, ...more] = ofType(resources, "kubernetes:keda.sh/v1alpha1:ScaledObject");
    expect(more).toEqual([]);
    expect(scaled?.inputs.spec).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "api" },
      ...{ minReplicaCount: 2, maxReplicaCount: 6 },
      triggers: [
        {
          type: "prometheus",
          metadata: {
            serverAddress: "http://prometheus.ralex-staging.svc:9090",
            query: 'sum(ralex_requests_running{job="api"})',
            threshold: "8",
          },
        },
      ],
    });
    const deployment = ofType(resources, "kubernetes:apps/v1:Deployment").find(
      ({ name }) => name === "ralex-api-deployment",
    );
    expect((deployment?.inputs.spec as { replicas?: number }).replicas).toBeUndefined();
  });

  test("tells a Prometheus of somebody else whom to scrape, and alerts on this stack alone", async () => {
    const { resources } = await stack({
      ...{ monitoring: "none", serviceMonitors: "watch", serviceMonitorLabels: "release: prometheus" },
    });
    const monitors = ofType(resources, "kubernetes:monitoring.coreos.com/v1:ServiceMonitor");
    expect(monitors.map(({ name }) => name)).toEqual([
      "ralex-monitoring-monitor-api",
      "ralex-monitoring-monitor-postgres-exporter",
      "ralex-monitoring-monitor-redis-exporter",
      "ralex-monitoring-monitor-nginx-exporter",
    ]);
    const services = ofType(resources, "kubernetes:core/v1:Service").map(
      ({ inputs }) => inputs as { metadata: { labels: Record<string, string> }; spec: { ports: { name: string }[] } },
    );
    for (const { inputs } of monitors) {
      const { metadata, spec } = inputs as {
        metadata: { labels: Record<string, string> };
        spec: { selector: { matchLabels: Record<string, string> }; endpoints: { port: string }[] };
      };
      expect(metadata.labels.release).toBe("prometheus");
      const chosen = services.filter((service) =>
        Object.entries(spec.selector.matchLabels).every(([key, value]) => service.metadata.labels[key] === value),
      );
      expect(chosen).toHaveLength(1);
      expect(chosen[0]?.spec.ports.map(({ name }) => name)).toContain(spec.endpoints[0]?.port);
    }
    const [rules] = ofType(resources, "kubernetes:monitoring.coreos.com/v1:PrometheusRule");
    const alerts = JSON.stringify(rules?.inputs.spec);
    expect(alerts.match(/(up|pg_up|redis_up)\{namespace=\\"ralex-staging\\"\} == 0/g)).toHaveLength(3);
    expect(resources.filter(({ name }) => name.startsWith("ralex-prometheus"))).toEqual([]);
  });

  test("gives every pod the class of priority that the setting names", async () => {
    const { resources } = await stack({ priorityClass: "production", logs: "own" });
    const pods = templates(resources);
    expect(new Set(pods.map(({ pod }) => (pod.spec as { priorityClassName?: string }).priorityClassName))).toEqual(
      new Set(["production"]),
    );
  });

  test("is reached by a port of the nodes, a load balancer, an Ingress, a Gateway, or by none of these", async () => {
    const outside = async (exposure: string, more: Record<string, unknown> = {}) => {
      const { resources } = await stack({ exposure, ...more });
      return resources
        .filter(({ name }) => name.startsWith("ralex-public-"))
        .map(({ type, inputs }) => [type.split(":").at(-1), (inputs.spec as { type?: string } | undefined)?.type]);
    };
    expect(await outside("none")).toEqual([]);
    expect(await outside("nodePort")).toEqual([["Service", "NodePort"]]);
    expect(await outside("loadBalancer")).toEqual([["Service", "LoadBalancer"]]);
    expect(await outside("ingress")).toEqual([
      ["Secret", undefined],
      ["Ingress", undefined],
    ]);
    expect(await outside("ingress", { tlsSecret: "bought" })).toEqual([["Ingress", undefined]]);
    expect(await outside("gateway", { gateway: "a/b/c" })).toEqual([["HTTPRoute", undefined]]);
  });
});

describe("the stack on a cluster, with a Secret that somebody else makes", () => {
  const EXISTING = { ...RELEASE, existingSecret: "vault", openrouterKey: true, exposure: "ingress" };

  test("declares no secret but the key of its hashes, no certificate, and no Secret", async () => {
    const counts = async (configuration: Record<string, unknown>) => {
      const { resources } = await stack(configuration);
      const found: Record<string, number> = {};
      for (const { type, custom } of resources) if (custom) found[type] = (found[type] ?? 0) + 1;
      return found;
    };
    const own = await counts({ ...RELEASE, exposure: "ingress" });
    const existing = await counts(EXISTING);
    expect(existing).toEqual({
      ...Object.fromEntries(Object.entries(own).filter(([type]) => !/^tls:|:Secret$/.test(type))),
      // That of what composes files; the Secrets that others had are descriptions in ConfigMaps.
      "kubernetes:core/v1:ConfigMap": existing["kubernetes:core/v1:ConfigMap"] ?? 0,
      "random:index/randomPassword:RandomPassword": 1,
    });
    const { resources, registrations } = await stack(EXISTING);
    expect(
      ofType(resources, "random:index/randomPassword:RandomPassword").map(({ name, inputs }) => [name, inputs]),
    ).toEqual([["ralex-secret-hashes-key", { length: 64, special: false }]]);
    expect(registrations.find(({ name }) => name === "ralex-secret-hashes-key")?.protect).toBe(true);
  });

  test("has a ConfigMap for the program and for each service that reads files, with nothing secret in any", async () => {
    const { resources } = await stack(EXISTING);
    const maps = ofType(resources, "kubernetes:core/v1:ConfigMap");
    const names = maps.map(({ inputs }) => (inputs.metadata as { name: string }).name);
    expect(names.filter((name) => name === "composer")).toHaveLength(1);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(["api-files", "edge-files", "postgres-files", "probe-files"]));
    const everything = JSON.stringify(resources.map(({ inputs }) => inputs));
    expect(everything.match(/canary-|value-of-ralex-secrets-|dmFsdWUtb2Yt|BEGIN [A-Z]/g)).toBeNull();
  });

  test("asks for exactly the keys that each service reads, by the key of its hashes", async () => {
    const { calls, resources } = await stack(EXISTING);
    expect(calls.map(({ token }) => token)).toEqual(["ralex:kubernetes:existingSecret"]);
    expect(calls[0]?.inputs).toMatchObject({
      place: { context: "test", namespace: "ralex-staging", stack: "staging" },
      secrets: [{ name: "vault" }, { name: "vault-tls", keys: ["tls.crt", "tls.key"] }],
      hash: { services: { postgres: ["superuserPassword"], edge: ["tlsCertificate", "tlsPrivateKey"] } },
    });
    const composing = templates(resources).filter(({ pod }) => pod.spec.initContainers !== undefined);
    expect(composing.length).toBeGreaterThan(5);
    for (const { name, pod } of composing) {
      const hash = pod.metadata.annotations["ralex.dev/secret"] ?? "";
      expect([name, hash]).toEqual([name, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    }
    expect(
      composing.find(({ name }) => name === "ralex-postgres-stateful-set")?.pod.metadata.annotations,
    ).toMatchObject({
      "ralex.dev/secret": secretHash(["superuserPassword"]),
    });
  });

  test("says the same in a preview, which knows as much", async () => {
    const preview = await record(() => kubernetesStack(EXISTING), { stack: "staging", preview: true });
    const names = ({ resources }: { readonly resources: readonly Recorded[] }) =>
      resources.map(({ name }) => name).sort();
    expect(names(preview)).toEqual(names(await stack(EXISTING)));
  });

  test("keeps the key of its hashes when it is stopped, and asks for nothing", async () => {
    const { calls, resources } = await stack({ existingSecret: "vault", running: false });
    expect(ofType(resources, "random:index/randomPassword:RandomPassword")).toHaveLength(1);
    expect(templates(resources)).toEqual([]);
    expect(calls).toEqual([]);
  });

  test("puts out where secrets are in place of what they are", async () => {
    const outputs = async (configuration: Record<string, unknown>) =>
      [...((await stack(configuration)).outputs.get("ralex") ?? [])].sort();
    const [own, existing] = [await outputs(RELEASE), await outputs(EXISTING)];
    expect(own.filter((name) => !existing.includes(name))).toEqual([
      ...["adminPassword", "apiKey", "caCertificate", "operatorPassword"],
    ]);
    expect(existing.filter((name) => !own.includes(name))).toEqual(["elsewhere", "existingSecret"]);
    const made = (await stack(EXISTING)).components.find(({ kind }) => kind === "KubernetesStack")?.instance;
    const { elsewhere } = made as unknown as { readonly elsewhere: Output<Record<string, string>> };
    const commands = await new Promise<Record<string, string>>((resolve) => elsewhere.apply(resolve));
    expect(Object.keys(commands).sort()).toEqual(["adminPassword", "apiKey", "caCertificate"]);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-kubectl-"));
    // A kubectl that shows its words, which a shell has to have read as they were meant.
    fs.writeFileSync(path.join(folder, "kubectl"), '#!/bin/sh\nprintf "%s\\n" "$@" | base64\n', { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH ?? ""}` };
    const { stdout } = await execa("sh", ["-c", commands.caCertificate ?? ""], { env });
    fs.rmSync(folder, { recursive: true });
    expect(stdout.split("\n")).toEqual([
      ...["--context", "test", "--namespace", "ralex-staging", "get", "secret", "vault"],
      ...["--output", "jsonpath={.data.tlsCaCertificate}"],
    ]);
  });

  test.each(["none", "nodePort", "loadBalancer", "ingress"])(
    "has operators' pages as ports of the edge with their login, which nothing publishes: exposure %s",
    async (exposure) => {
      const { resources } = await stack({ exposure, operatorListeners: true, logs: "own" });
      const services = ofType(resources, "kubernetes:core/v1:Service");
      const portsOf = (name: string) =>
        services
          .filter(({ inputs }) => (inputs.metadata as { name: string }).name === name)
          .flatMap(({ inputs }) => (inputs.spec as { ports: { name: string; port: number }[] }).ports)
          .map(({ name: port, port: number }) => `${port} ${number}`);
      expect(portsOf("edge")).toEqual(expect.arrayContaining(["prometheus 9090", "logs 9428"]));
      expect(portsOf("edge-public")).toEqual(exposure === "none" || exposure === "ingress" ? [] : ["https 443"]);
      const ingresses = JSON.stringify(ofType(resources, "kubernetes:networking.k8s.io/v1:Ingress"));
      expect(ingresses).not.toMatch(/9090|9428|3001/);
      const [files] = ofType(resources, "kubernetes:core/v1:ConfigMap").filter(
        ({ inputs }) => (inputs.metadata as { name: string }).name === "edge-files",
      );
      const nginx = JSON.stringify(files?.inputs);
      for (const port of [9090, 9428]) expect(nginx).toMatch(new RegExp(`listen ${port};\\\\n *auth_basic `));
    },
  );
});
