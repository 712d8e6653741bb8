/** What the rendered policies allow, worked out as a cluster does it, against who talks to whom in the model. */
import { flowsOf } from "../../../components/app/flows";
import { withProbe, type Application } from "../../../components/app/model";
import { collectorPolicies, collectorSpec, logCollectorOf } from "../../../components/kubernetes/log-collector";
import { selector } from "../../../components/kubernetes/names";
import { policiesOf as policiesIn, type Policy } from "../../../components/kubernetes/policies";
import { ImageRef } from "../../../components/image/image-ref";
import { clusterSettings, DIGEST, onKubernetes } from "../../support/on-kubernetes";

const NAMESPACE = "ralex-staging";
const BESIDE = "ralex-staging-observability";
const policiesOf = (application: Application, stack: Record<string, unknown> = {}): readonly Policy[] =>
  policiesIn(application, NAMESPACE, clusterSettings(stack));

type Labels = Readonly<Record<string, string>>;
interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly namespaceSelector?: { readonly matchLabels?: Labels };
  readonly ipBlock?: { readonly cidr: string };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface Spec {
  readonly podSelector: { readonly matchLabels?: Labels };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** A pod somewhere in the cluster. */
interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly ports: Readonly<Record<string, { readonly number: number; readonly protocol: string }>>;
}

const has = (labels: Labels, wanted: Labels = {}): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

const namespaceLabels = (namespace: string): Labels => ({ "kubernetes.io/metadata.name": namespace });

/** Whether a rule's peers have a pod among them; no list of peers is everybody. Without a namespace it is the policy's own. */
const meets = (peers: readonly Peer[] | undefined, pod: Pod, own: string): boolean =>
  peers?.some(
    ({ podSelector, namespaceSelector, ipBlock }) =>
      ipBlock === undefined &&
      (namespaceSelector === undefined
        ? pod.namespace === own
        : has(namespaceLabels(pod.namespace), namespaceSelector.matchLabels)) &&
      has(selector(pod.name), podSelector?.matchLabels),
  ) ?? true;

type Policies = Readonly<Record<string, readonly Spec[]>>;

/** As the specification of NetworkPolicy has it: without a policy everything, else what any of them allows. */
function allows(policies: Policies, from: Pod, to: Pod, port: number, protocol: string): boolean {
  const side = (pod: Pod, other: Pod, type: "Ingress" | "Egress") => {
    const its = (policies[pod.namespace] ?? []).filter(
      (one) => has(selector(pod.name), one.podSelector.matchLabels) && one.policyTypes.includes(type),
    );
    const rules = its.flatMap((one) => (type === "Ingress" ? one.ingress : one.egress) ?? []);
    return (
      its.length === 0 ||
      rules.some(
        (rule) =>
          meets(type === "Ingress" ? rule.from : rule.to, other, pod.namespace) &&
          (rule.ports?.some((one) => one.port === port && one.protocol === protocol) ?? true),
      )
    );
  };
  return side(from, to, "Egress") && side(to, from, "Ingress");
}

const specs = (policies: readonly Policy[]): readonly Spec[] => policies.map(({ spec }) => spec as Spec);

/** All that runs of an application, in both of its namespaces. */
function podsOf(application: Application): readonly Pod[] {
  const collector = logCollectorOf(application);
  return [
    ...withProbe(application).map(({ name, ports }) => ({ namespace: NAMESPACE, name, ports })),
    ...(collector === undefined ? [] : [{ namespace: BESIDE, name: collector.name, ports: healthOf(application) }]),
  ];
}

/** Ports of the collector's container. */
function healthOf(application: Application): Pod["ports"] {
  const collector = logCollectorOf(application);
  if (collector === undefined) throw new Error("no collector");
  const image = ImageRef.of("r/otel-collector", DIGEST);
  const place = {
    stack: "staging",
    namespace: NAMESPACE,
    imagePullSecret: undefined,
    priorityClass: undefined,
    filesHash: "",
  };
  const { template } = collectorSpec({ ...place, collector, image });
  const { containers } = (template as { spec: { containers: { ports: { name: string; containerPort: number }[] }[] } })
    .spec;
  return Object.fromEntries(
    containers.flatMap(({ ports }) => ports.map((one) => [one.name, { number: one.containerPort, protocol: "tcp" }])),
  );
}

/**
 * Every pair of pods and port of the second one where the policies let the first one reach it.
 * @param strangers - of other stacks, and beside the collector: with any, nothing but the application's own policies holds.
 */
function reachable(application: Application, strangers: readonly Pod[] = []): readonly string[] {
  const collector = logCollectorOf(application);
  const policies = {
    [NAMESPACE]: specs(policiesOf(application)),
    [BESIDE]: collector === undefined || strangers.length > 0 ? [] : specs(collectorPolicies(collector, NAMESPACE)),
  };
  const pods = podsOf(application);
  return [...pods, ...strangers].flatMap((from) =>
    pods.flatMap((to) =>
      Object.entries(to.ports)
        .filter(
          ({ 1: { number, protocol } }) => from !== to && allows(policies, from, to, number, protocol.toUpperCase()),
        )
        .map(([port]) => `${from.name} -> ${to.name}:${port}`),
    ),
  );
}

/** What people reach, and so may every pod. */
function withoutPublic({ edge }: Application): (flow: string) => boolean {
  const published = ["web", "api", "tls"].map((port) => `${edge.service}:${port}`);
  return (flow) => !published.some((end) => flow.endsWith(` ${end}`));
}

const STORES = {
  ...{ postgresUrl: "postgresql://a@db.example/?sslmode=require", postgresPassword: "p" },
  ...{ redisUrl: "rediss://cache.example", redisPassword: "p" },
};
const settings = (stack: Record<string, unknown> = {}) => ({ release: { id: "r-1", images: {} }, ...stack });
const application = (stack: Record<string, unknown> = {}) => onKubernetes(clusterSettings(settings(stack)));

describe("the network policies", () => {
  test.each([
    [{}],
    [{ monitoring: "none" }],
    [{ apiReplicas: 5, exposure: "nodePort" }],
    [STORES],
    [{ logs: "own" }],
    [{ logs: "own", operatorListeners: true }],
  ])("allow the flows of the model and no other one, for every pair of pods and every port: %j", (stack) => {
    const described = application(stack);
    const collected = "logs" in stack ? ["log-collector -> victorialogs:http"] : [];
    const expected = [...flowsOf(described).map(({ from, to, port }) => `${from} -> ${to}:${port}`), ...collected];
    expect(expected.length).toBeGreaterThan(9);
    const counts = withoutPublic(described);
    expect(reachable(described).filter(counts).sort()).toEqual(expected.filter(counts).sort());
  });

  test("let nothing into the log store from beside it: no namesake elsewhere, and no neighbour of the collector", () => {
    const described = application({ logs: "own" });
    const strangers = [
      { namespace: "ralex-prod-observability", name: "log-collector", ports: {} },
      { namespace: "default", name: "log-collector", ports: {} },
      { namespace: BESIDE, name: "another", ports: {} },
      { namespace: "ralex-prod", name: "prometheus", ports: {} },
    ];
    // The collector's own port is kept by the policies of its namespace.
    const isCounted = (flow: string) => withoutPublic(described)(flow) && !flow.endsWith(" log-collector:health");
    expect(reachable(described, strangers).filter(isCounted)).toEqual(reachable(described).filter(isCounted));
  });

  test("give the collector its own namespace's default, names, and the log store, both selectors in one peer", () => {
    const collector = logCollectorOf(application({ logs: "own" }));
    expect(collector && collectorPolicies(collector, NAMESPACE)).toEqual([
      { name: "default-deny", spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
      {
        name: "log-collector",
        spec: {
          podSelector: { matchLabels: selector("log-collector") },
          policyTypes: ["Ingress", "Egress"],
          egress: [
            expect.objectContaining({ ports: expect.arrayContaining([{ protocol: "UDP", port: 53 }]) }),
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ralex-staging" } },
                  podSelector: { matchLabels: selector("victorialogs") },
                },
              ],
              ports: [{ protocol: "TCP", port: 9428 }],
            },
          ],
        },
      },
    ]);
  });

  test("refuse everything where no flow is: a policy without rules is there for every pod", () => {
    const [first] = policiesOf(application());
    expect(first).toEqual({
      name: "default-deny",
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
    });
  });

  const outside = (stack: Record<string, unknown>) =>
    policiesOf(application(stack))
      .filter(({ spec }) => JSON.stringify(spec).includes("0.0.0.0/0"))
      .map(({ name }) => name);

  /** Who comes from another namespace, by what is asked, with the ports. */
  const guests = (stack: Record<string, unknown>) =>
    policiesOf(application(stack), stack).flatMap(({ name, spec }) =>
      ((spec as Spec).ingress ?? [])
        .filter(({ from = [] }) => from.some(({ namespaceSelector }) => namespaceSelector !== undefined))
        .map(({ from = [], ports = [] }) => ({ name, from, ports: ports.map(({ port }) => port) })),
    );

  test("let KEDA's operator ask Prometheus, and no other pod of its namespace", () => {
    expect(guests({ keda: "keda-system", apiMaxReplicas: 6 })).toEqual([
      {
        name: "prometheus",
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "keda-system" } },
            podSelector: { matchLabels: { app: "keda-operator" } },
          },
        ],
        ports: [9090],
      },
    ]);
    expect(guests({})).toEqual([]);
  });

  test("let somebody else's Prometheus scrape whatever has metrics, at their port alone", () => {
    const found = guests({ serviceMonitors: "monitoring", monitoring: "none" });
    expect(found.map(({ name, ports }) => [name, ports])).toEqual([
      ["api", [8000]],
      ["postgres-exporter", [9187]],
      ["redis-exporter", [9121]],
      ["nginx-exporter", [9113]],
    ]);
    const [from] = found.map(({ from: peers }) => peers);
    expect(from).toEqual([
      {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
      },
    ]);
  });

  test("let out only what calls an upstream", () => {
    expect(outside({})).toEqual(["api"]);
  });

  test("let out what talks to a store that the user runs, and nothing into one that is not there", () => {
    expect(outside(STORES)).toEqual([
      ...["databases", "migrations", "api", "openwebui", "postgres-exporter", "redis-exporter"],
    ]);
    const names = policiesOf(application(STORES)).map(({ name }) => name);
    for (const store of ["postgres", "redis"]) expect(names).not.toContain(store);
    expect(outside({ ...STORES, monitoring: "none" })).toEqual(["databases", "migrations", "api", "openwebui"]);
  });

  test.each([[{}], [{ operatorListeners: true, logs: "own" }]])(
    "let the outside reach the edge's listeners for people, and nothing else: %j",
    (stack) => {
      const open = policiesOf(application(stack)).flatMap(({ name, spec }) =>
        ((spec as Spec).ingress ?? []).filter(({ from }) => from === undefined).map(({ ports }) => ({ name, ports })),
      );
      expect(open).toEqual([
        {
          name: "edge",
          ports: [
            { port: 3000, protocol: "TCP" },
            { port: 8000, protocol: "TCP" },
            { port: 8443, protocol: "TCP" },
          ],
        },
      ]);
    },
  );
});
