/** What is beside the application on a cluster, with access to the nodes. That it finds a line, tests/engine/log-collector.test.ts shows. */
import { logCollectorOf } from "../../../components/kubernetes/log-collector";
import { selector } from "../../../components/kubernetes/names";
import type { KubernetesStack } from "../../../components/kubernetes/stack";
import { clusterSettings, DIGEST, kubernetesStack, onKubernetes } from "../../support/on-kubernetes";
import { ofType, record, type Recorded } from "../../support/recorder";

const OWN = { logs: "own", release: { id: "r-1", images: {} } };
const BESIDE = "ralex-staging-observability";

const stack = (configuration: Record<string, unknown>) =>
  record(() => kubernetesStack(configuration), { stack: "staging" });

let resources: readonly Recorded[];
beforeAll(async () => ({ resources } = await stack(OWN)), 60_000);

const metadataOf = ({ inputs }: Recorded) => inputs.metadata as { readonly name: string; readonly namespace?: string };
const beside = () =>
  resources.filter(({ inputs }) => (inputs.metadata as { namespace?: string } | undefined)?.namespace);

const LABELS = {
  "app.kubernetes.io/part-of": "ralex",
  "app.kubernetes.io/name": "log-collector",
  "app.kubernetes.io/instance": "staging",
};
const CONFINED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
const HEALTH = { httpGet: { path: "/", port: 13133 }, timeoutSeconds: 3 };

describe("the namespace with access to the nodes", () => {
  test("is one of its own, labelled for it, with the collector and nothing of the application in it", () => {
    const namespaces = ofType(resources, "kubernetes:core/v1:Namespace");
    expect(namespaces.map(({ inputs }) => inputs.metadata)).toContainEqual({
      name: BESIDE,
      labels: {
        "app.kubernetes.io/instance": "staging",
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/enforce-version": "latest",
      },
    });
    expect(namespaces).toHaveLength(2);
    expect(new Set(beside().map((one) => metadataOf(one).namespace))).toEqual(new Set([BESIDE]));
    expect(
      beside()
        .map((one) => `${one.type.split(":").at(-1)} ${metadataOf(one).name}`)
        .sort(),
    ).toEqual([
      "ConfigMap log-collector-files",
      "DaemonSet log-collector",
      "NetworkPolicy default-deny",
      "NetworkPolicy log-collector",
      "ServiceAccount log-collector",
    ]);
  });

  test("has no right in the cluster: no role, no token, no port of a node, no network of a node", () => {
    expect(resources.filter(({ type }) => type.includes("rbac.authorization"))).toEqual([]);
    const [account] = ofType(resources, "kubernetes:core/v1:ServiceAccount").filter(
      (one) => metadataOf(one).namespace === BESIDE,
    );
    expect(account?.inputs.automountServiceAccountToken).toBe(false);
    expect(JSON.stringify(beside().map(({ inputs }) => inputs))).not.toMatch(
      /hostPort|hostNetwork|hostPID|"privileged":/,
    );
  });

  test("has one collector on each node, as root without a capability, which writes nothing but how far it has read", () => {
    const [set, ...others] = ofType(resources, "kubernetes:apps/v1:DaemonSet");
    expect(others).toEqual([]);
    expect(set?.inputs.spec).toEqual({
      selector: { matchLabels: selector("log-collector") },
      template: {
        metadata: { labels: LABELS, annotations: { "ralex.dev/files": expect.stringMatching(/^[0-9a-f]{64}$/) } },
        spec: {
          serviceAccountName: "log-collector",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } },
          terminationGracePeriodSeconds: 10,
          containers: [
            {
              name: "log-collector",
              image: `r/otel-collector@${DIGEST}`,
              imagePullPolicy: "IfNotPresent",
              args: ["--config=/etc/ralex/collector.json"],
              env: [{ name: "GOMEMLIMIT", value: "128MiB" }],
              ports: [{ name: "health", containerPort: 13133, protocol: "TCP" }],
              resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "500m", memory: "160Mi" } },
              securityContext: CONFINED,
              startupProbe: { ...HEALTH, periodSeconds: 2, failureThreshold: 30 },
              livenessProbe: { ...HEALTH, periodSeconds: 20, failureThreshold: 3 },
              readinessProbe: { ...HEALTH, periodSeconds: 3, failureThreshold: 2 },
              terminationMessagePolicy: "FallbackToLogsOnError",
              volumeMounts: [
                { name: "files", mountPath: "/etc/ralex", readOnly: true },
                { name: "logs", mountPath: "/var/log/pods", readOnly: true },
                { name: "state", mountPath: "/var/lib/log-collector" },
              ],
            },
          ],
          volumes: [
            {
              name: "files",
              configMap: {
                name: "log-collector-files",
                items: [{ key: "collector.json", path: "collector.json", mode: 0o444 }],
              },
            },
            { name: "logs", hostPath: { path: "/var/log/pods", type: "Directory" } },
            { name: "state", hostPath: { path: `/var/lib/${BESIDE}`, type: "DirectoryOrCreate" } },
          ],
        },
      },
    });
  });

  test("reads the files of its own application alone, and sends to its log store by a name of that namespace", () => {
    const [files] = ofType(resources, "kubernetes:core/v1:ConfigMap").filter(
      (one) => metadataOf(one).namespace === BESIDE,
    );
    const data = files?.inputs.data as Record<string, string>;
    expect(JSON.parse(data["collector.json"] ?? "")).toMatchObject({
      receivers: { file_log: { include: ["/var/log/pods/ralex-staging_*/*/*.log"], start_at: "beginning" } },
      exporters: {
        otlp_http: { logs_endpoint: "http://victorialogs.ralex-staging:9428/insert/opentelemetry/v1/logs" },
      },
    });
  });

  test("is told in the outputs, and its collector is verified with the rest", async () => {
    const toldOf = async (configuration: Record<string, unknown>) => {
      let made: KubernetesStack | undefined;
      await record(() => (made = kubernetesStack(configuration)), { stack: "staging" });
      return new Promise((resolve) => void made?.hostAccessNamespaces.apply(resolve));
    };
    expect(await toldOf(OWN)).toEqual([BESIDE]);
    expect(await toldOf({})).toEqual([]);
    const { outputs } = await stack(OWN);
    expect(outputs.get("ralex")).toContain("hostAccessNamespaces");
    const [checks] = ofType(resources, "ralex:kubernetes:Checks");
    expect(checks?.inputs.services).toContainEqual({
      ...{ service: "log-collector", image: `r/otel-collector@${DIGEST}`, replicas: 1, namespace: BESIDE },
    });
  });

  test.each([{}, { logs: "own", running: false }, { monitoring: "none" }])(
    "is not there where nothing collects: %j",
    async (configuration) => {
      const made = (await stack(configuration)).resources;
      expect(ofType(made, "kubernetes:core/v1:Namespace")).toHaveLength(1);
      expect(ofType(made, "kubernetes:apps/v1:DaemonSet")).toEqual([]);
      expect(JSON.stringify(made.map(({ inputs }) => inputs))).not.toContain("hostPath");
    },
  );
});

describe("the log store", () => {
  test("is an ordinary service of the application, with a volume, and takes no syslog from anybody", () => {
    const application = onKubernetes(clusterSettings({ logs: "own" }));
    const store = application.services.find(({ name }) => name === "victorialogs");
    expect(store).toMatchObject({
      volumes: [{ volume: "victorialogs", path: "/victoria-logs-data" }],
      ports: { http: { number: 9428, protocol: "tcp" } },
    });
    expect(Object.keys(store?.ports ?? {})).toEqual(["http"]);
    expect(JSON.stringify(store?.command)).not.toContain("syslog");
    expect(logCollectorOf(application)).toEqual({
      name: "log-collector",
      image: "otel-collector",
      store: { service: "victorialogs", port: 9428, protocol: "TCP" },
    });
  });
});
