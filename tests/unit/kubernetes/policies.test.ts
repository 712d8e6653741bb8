/** What the rendered policies allow, worked out as a cluster does it, against who talks to whom in the model. */
import { flowsOf } from "../../../components/app/flows";
import { withProbe, type Application, type Service } from "../../../components/app/model";
import { selector } from "../../../components/kubernetes/names";
import { policiesOf } from "../../../components/kubernetes/policies";
import { clusterSettings, onKubernetes } from "../../support/on-kubernetes";

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Record<string, string> };
  readonly namespaceSelector?: unknown;
  readonly ipBlock?: { readonly cidr: string };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
interface Spec {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const chosen = (labels: Record<string, string> | undefined, pod: Service): boolean =>
  Object.entries(labels ?? {}).every(([key, value]) => selector(pod.name)[key] === value);

/** Whether a rule's peers have a pod of the namespace among them; no list of peers is everybody. */
const meets = (peers: readonly Peer[] | undefined, pod: Service): boolean =>
  peers?.some(
    (peer) =>
      peer.podSelector !== undefined &&
      peer.namespaceSelector === undefined &&
      chosen(peer.podSelector.matchLabels, pod),
  ) ?? true;

/** As the specification of NetworkPolicy has it: without a policy everything, else what any of them allows. */
function allows(policies: readonly Spec[], from: Service, to: Service, port: number, protocol: string): boolean {
  const side = (pod: Service, other: Service, type: "Ingress" | "Egress") => {
    const its = policies.filter((one) => chosen(one.podSelector.matchLabels, pod) && one.policyTypes.includes(type));
    const rules = its.flatMap((one) => (type === "Ingress" ? one.ingress : one.egress) ?? []);
    return (
      its.length === 0 ||
      rules.some(
        (rule) =>
          meets(type === "Ingress" ? rule.from : rule.to, other) &&
          (rule.ports?.some((one) => one.port === port && one.protocol === protocol) ?? true),
      )
    );
  };
  return side(from, to, "Egress") && side(to, from, "Ingress");
}

/** Every pair of services and port of the second one, with whether the policies let the first one reach it. */
function reachable(application: Application): readonly string[] {
  const services = withProbe(application);
  const specs = policiesOf(application).map(({ spec }) => spec as Spec);
  return services.flatMap((from) =>
    services.flatMap((to) =>
      Object.entries(to.ports)
        .filter(({ 1: { number, protocol } }) => from !== to && allows(specs, from, to, number, protocol.toUpperCase()))
        .map(([port]) => `${from.name} -> ${to.name}:${port}`),
    ),
  );
}

const STORES = {
  ...{ postgresUrl: "postgresql://a@db.example/?sslmode=require", postgresPassword: "p" },
  ...{ redisUrl: "rediss://cache.example", redisPassword: "p" },
};
const settings = (stack: Record<string, unknown> = {}) => ({ release: { id: "r-1", images: {} }, ...stack });
const application = (stack: Record<string, unknown> = {}) => onKubernetes(clusterSettings(settings(stack)));

describe("the network policies", () => {
  test.each([[{}], [{ monitoring: "none" }], [{ apiReplicas: 5, exposure: "nodePort" }], [STORES]])(
    "allow the flows of the model and no other one, for every pair of services and every port: %j",
    (stack) => {
      const described = application(stack);
      const { edge } = described;
      // People come in from everywhere, and so may a pod.
      const published = edge.listeners.map(({ port }) => `${edge.service}:${port}`);
      const withoutPublic = (flow: string) => !published.some((end) => flow.endsWith(` ${end}`));
      const expected = flowsOf(described).map(({ from, to, port }) => `${from} -> ${to}:${port}`);
      expect(expected.length).toBeGreaterThan(9);
      expect(reachable(described).filter(withoutPublic).sort()).toEqual(expected.filter(withoutPublic).sort());
    },
  );

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

  test("let the outside reach the edge's listeners, and nothing else", () => {
    const open = policiesOf(application()).flatMap(({ name, spec }) =>
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
  });
});
