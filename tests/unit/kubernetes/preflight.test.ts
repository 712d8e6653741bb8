/** What is refused before anything of a stack on a cluster is changed. That a real cluster answers so, the kubernetes tier shows. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { preflight } from "../../../cli/targets/kubernetes/preflight";
import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { composingLines, eventsOf, memoryLines, refusals, unbound } from "../../../cli/targets/kubernetes/explain";
import { Workspace } from "../../../cli/workspace";
import * as client from "../../../components/kubernetes/client";
import { clusterSettings } from "../../support/on-kubernetes";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));
// The library is of modules alone, which these tests do not load.
jest.mock(
  "@kubernetes/client-node",
  () => ({
    ...{ StorageV1Api: "storage", AuthorizationV1Api: "authorization" },
    ...{ NetworkingV1Api: "networking", CustomObjectsApi: "custom", SchedulingV1Api: "scheduling" },
  }),
  { virtual: true },
);

interface Answers {
  readonly uid?: string;
  readonly minor?: string;
  /** Labels of that of the application. */
  readonly namespace?: Record<string, string>;
  /** Labels of that with access to the nodes. */
  readonly beside?: Record<string, string>;
  readonly classes?: Readonly<Record<string, boolean>>;
  readonly denied?: readonly string[];
  /** Keys of each Secret. */
  readonly secrets?: Readonly<Record<string, readonly string[]>>;
  readonly down?: true;
  /** Classes of Ingress, and whether each is the default one. */
  readonly ingresses?: Readonly<Record<string, boolean>>;
  /** Kinds that others brought, by group and version. */
  readonly kinds?: Readonly<Record<string, readonly string[]>>;
  readonly priorities?: readonly string[];
  /** Listeners of the Gateway edge-system/public, with their protocols; undefined for no Gateway. */
  readonly listeners?: Readonly<Record<string, string>>;
}

/** A cluster that answers so. */
function answering(answers: Answers) {
  const {
    uid = "u-1",
    minor = "34",
    namespace,
    beside,
    classes = { standard: true },
    denied = [],
    secrets = {},
    down,
  } = answers;
  const missing = Object.assign(new Error("not found"), { code: 404 });
  const apis = {
    storage: {
      listStorageClass: () =>
        Promise.resolve({
          items: Object.entries(classes).map(([name, isDefault]) => ({
            metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
          })),
        }),
    },
    networking: {
      listIngressClass: () =>
        Promise.resolve({
          items: Object.entries(answers.ingresses ?? {}).map(([name, isDefault]) => ({
            metadata: { name, annotations: { "ingressclass.kubernetes.io/is-default-class": String(isDefault) } },
          })),
        }),
    },
    scheduling: {
      listPriorityClass: () =>
        Promise.resolve({ items: (answers.priorities ?? []).map((name) => ({ metadata: { name } })) }),
    },
    custom: {
      getAPIResources: ({ group, version }: { group: string; version: string }) => {
        const kinds = answers.kinds?.[`${group}/${version}`];
        return kinds === undefined
          ? Promise.reject(missing)
          : Promise.resolve({ resources: kinds.map((kind) => ({ kind })) });
      },
      getNamespacedCustomObject: ({ namespace: of, name }: { namespace: string; name: string }) =>
        answers.listeners === undefined || `${of}/${name}` !== "edge-system/public"
          ? Promise.reject(missing)
          : Promise.resolve({
              spec: {
                listeners: Object.entries(answers.listeners).map(([one, protocol]) => ({ name: one, protocol })),
              },
            }),
    },
    authorization: {
      createSelfSubjectAccessReview: ({ body }: { body: { spec: { resourceAttributes: Attributes } } }) => {
        const { verb, resource, name } = body.spec.resourceAttributes;
        const asked = verb === "create" ? resource : [verb, resource, name].join(" ");
        reviewed.push(asked);
        return Promise.resolve({ status: { allowed: !denied.includes(asked) } });
      },
    },
  };
  const readNamespace = ({ name }: { name: string }) => {
    if (down === true) return Promise.reject(new Error("connect ECONNREFUSED 127.0.0.1:9"));
    if (name === "kube-system") return Promise.resolve({ metadata: { uid } });
    const labels = name.endsWith("-observability") ? beside : namespace;
    return labels === undefined ? Promise.reject(missing) : Promise.resolve({ metadata: { labels } });
  };
  const readNamespacedSecret = ({ name }: { name: string }) => {
    const data = Object.fromEntries((secrets[name] ?? []).map((key) => [key, "YQ=="]));
    const type = name.endsWith("-tls") ? "kubernetes.io/tls" : "Opaque";
    return name in secrets ? Promise.resolve({ type, data }) : Promise.reject(missing);
  };
  jest.mocked(client.connectCluster).mockResolvedValue({
    config: {
      makeApiClient: (api: keyof typeof apis) => apis[api],
      getCurrentUser: () => ({ name: "somebody" }),
      getCurrentCluster: () => ({ server: "https://127.0.0.1:9" }),
      getCurrentContext: () => "test",
    },
    core: { readNamespace, readNamespacedSecret },
    version: { getCode: () => Promise.resolve({ major: "1", minor, gitVersion: `v1.${minor}.0` }) },
  } as unknown as client.Cluster);
}

interface Attributes {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
}

/** What was asked of the user's rights. */
let reviewed: string[] = [];
let checkout: string;

/** A workspace whose state has these resources of the stack staging. */
function workspace(resources: readonly object[] = []): Workspace {
  const made = new Workspace(checkout, { env: {}, standIns: [] });
  const folder = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(folder, { recursive: true });
  const checkpoint = { checkpoint: { latest: { resources } } };
  if (resources.length > 0) fs.writeFileSync(path.join(folder, "staging.json"), JSON.stringify(checkpoint));
  return made;
}

const namespaceOf = (component: string, name: string) => ({
  urn: `urn:pulumi:staging::ralex::ralex:kubernetes:Stack$ralex:kubernetes:${component}$kubernetes:core/v1:Namespace::ralex`,
  type: "kubernetes:core/v1:Namespace",
  outputs: { metadata: { name } },
});
/** The one with access to the nodes first: the order in a state says nothing. */
const DEPLOYED = [
  { urn: "a", type: "ralex:kubernetes:Cluster", outputs: { context: "test", uid: "u-1" } },
  namespaceOf("Observability", "ralex-staging-observability"),
  namespaceOf("Namespace", "ralex-staging"),
];

beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-preflight-"));
  reviewed = [];
});
afterEach(() => fs.rmSync(checkout, { recursive: true }));

async function problems(answers: Answers, stack = {}, resources: readonly object[] = []): Promise<string> {
  answering(answers);
  return preflight(workspace(resources), "staging", clusterSettings(stack)).then(
    () => "",
    (error: Error) => error.message,
  );
}

describe("before anything is changed on a cluster", () => {
  test("a cluster that has all is good, for a new stack and for one that is there", async () => {
    expect(await problems({})).toBe("");
    expect(await problems({ namespace: {} }, {}, DEPLOYED)).toBe("");
    // A first update that was interrupted has made it.
    expect(await problems({ namespace: { "app.kubernetes.io/instance": "staging" } })).toBe("");
  });

  test("everything that is wrong is told at once, each with what to do", async () => {
    const message = await problems(
      { minor: "29+", classes: { slow: false }, denied: ["namespaces", "jobs"], namespace: {} },
      { storageClass: "fast" },
    );
    expect(message.split("\n  ")).toEqual([
      "nothing of staging was changed:",
      "the cluster is Kubernetes v1.29+.0, and 1.30 is needed: upgrade it, or use another one",
      "the namespace ralex-staging is there already and is not Ralex's: set ralex:namespace to another name",
      "the cluster has no StorageClass fast; it has slow: set ralex:storageClass to one of them",
      "somebody may not create namespaces, jobs in ralex-staging: have an administrator give it the role admin there, " +
        "and the right to create namespaces",
    ]);
  });

  test.each([
    [{ classes: {} }, "the cluster has no default StorageClass; it has none"],
    [{ classes: { slow: false } }, "the cluster has no default StorageClass; it has slow"],
    [{ namespace: { "app.kubernetes.io/instance": "prod" } }, "is there already and is of the stack prod"],
    [{ down: true } as const, "(https://127.0.0.1:9) cannot be asked: connect ECONNREFUSED"],
  ])("%j is refused", async (answers: Answers, message) => {
    expect(await problems(answers)).toContain(message);
  });

  test("what settings name and Kubernetes does not bring has to be there, and all that is missing is told at once", async () => {
    const settings = { keda: "keda", apiMaxReplicas: 6, serviceMonitors: "watch", priorityClass: "high" };
    const kinds = {
      "keda.sh/v1alpha1": ["ScaledObject"],
      "monitoring.coreos.com/v1": ["ServiceMonitor", "PrometheusRule"],
    };
    expect(await problems({ kinds, priorities: ["low", "high"] }, settings)).toBe("");
    const partly = { "monitoring.coreos.com/v1": ["ServiceMonitor"] };
    expect((await problems({ kinds: partly, priorities: ["low"] }, settings)).split("\n  ")).toEqual([
      "nothing of staging was changed:",
      "the cluster knows no ScaledObject (keda.sh/v1alpha1): install KEDA there, or remove ralex:keda",
      "the cluster knows no PrometheusRule (monitoring.coreos.com/v1): install the Prometheus Operator there, or remove " +
        "ralex:serviceMonitors",
      "the cluster has no PriorityClass high; it has low: set ralex:priorityClass to one of them",
    ]);
  });

  test("the namespace with access to the nodes is asked about where there is to be one, and only there", async () => {
    const denied = ["daemonsets", "networkpolicies"];
    expect(await problems({ denied, beside: {} })).not.toMatch(/observability|daemonsets/);
    expect((await problems({ denied, beside: {} }, { logs: "own" })).split("\n  ")).toEqual([
      "nothing of staging was changed:",
      "the namespace ralex-staging-observability is there already and is not Ralex's: set ralex:namespace to another name",
      "somebody may not create networkpolicies in ralex-staging: have an administrator give it the role admin there, " +
        "and the right to create namespaces",
      "somebody may not create daemonsets, networkpolicies in ralex-staging-observability: have an administrator give " +
        "it the role admin there, and the right to create namespaces",
    ]);
    expect(await problems({ namespace: {}, beside: {} }, { logs: "own" }, DEPLOYED)).toBe("");
  });

  const gateway = { exposure: "gateway", gateway: "edge-system/public/https" };

  test.each([
    [{ exposure: "ingress" }, {}, "no default Ingress class; it has no Ingress class: set ralex:ingressClass"],
    [{ exposure: "ingress" }, { ingresses: { nginx: false } }, "no default Ingress class; it has nginx: set"],
    [{ exposure: "ingress", ingressClass: "contour" }, { ingresses: { nginx: true } }, "no Ingress class contour"],
    [gateway, {}, "the cluster has no Gateway public in edge-system: kubectl get gateways"],
    [gateway, { listeners: { web: "HTTP" } }, "has no listener https; it has web (HTTP): set ralex:gateway"],
    [gateway, { listeners: { https: "HTTP" } }, "ends no TLS at https; it has https (HTTP): set ralex:gateway"],
  ])("a way in that the cluster does not have is refused: %j, %j", async (stack, answers: Answers, message) => {
    expect(await problems(answers, stack)).toContain(message);
  });

  test.each([
    [{ exposure: "ingress" }, { ingresses: { nginx: true } }],
    [{ exposure: "ingress", ingressClass: "contour", tlsSecret: "bought" }, { ingresses: { contour: false } }],
    [gateway, { listeners: { web: "HTTP", https: "HTTPS" } }],
  ])("a way in that the cluster has is good: %j, %j", async (stack, answers: Answers) => {
    expect(await problems(answers, stack)).toBe("");
  });

  test("another cluster under the same name is refused, and so is another namespace than the one with the data", async () => {
    expect(await problems({ uid: "u-2", namespace: {} }, {}, DEPLOYED)).toContain(
      "context test leads to another cluster (u-2) than the one that this stack is on (u-1)",
    );
    expect(await problems({}, { namespace: "elsewhere" }, DEPLOYED)).toContain(
      "staging is in the namespace ralex-staging with its data, and cannot be moved to elsewhere",
    );
  });
});

describe("before anything is changed on a cluster with a Secret that somebody else makes", () => {
  const STACK = { existingSecret: "vault", release: { id: "r-1", images: {} } };
  const KEYS = [
    ...["adminPassword", "apiKey", "monitoringDatabasePassword", "openwebuiDatabasePassword", "ralexDatabasePassword"],
    ...["redisPassword", "superuserPassword", "tlsCaCertificate", "tlsCertificate", "tlsPrivateKey", "webuiSecretKey"],
  ];
  const READY = { namespace: { "app.kubernetes.io/instance": "staging" }, secrets: { vault: KEYS } };
  const protectedOne = (name: string, protect = true) => ({
    urn: `urn:pulumi:staging::ralex::random:index/randomPassword:RandomPassword::${name}`,
    type: "random:index/randomPassword:RandomPassword",
    protect,
  });

  test("a Secret with every key is good, and the user needs no right to make any", async () => {
    expect(await problems(READY, STACK)).toBe("");
    expect(reviewed).toContain("get secrets vault");
    expect(reviewed).not.toContain("secrets");
    expect(await problems({ ...READY, denied: ["secrets"] }, STACK)).toBe("");
    expect(await problems({ ...READY, denied: ["secrets"] }, {})).toContain("somebody may not create secrets");
  });

  test("Grafana's password is asked for where the release has Grafana", async () => {
    const release = { id: "r-1", images: { grafana: "r.test/grafana" } };
    expect(await problems(READY, { ...STACK, release })).toContain("has no value for operatorPassword:");
  });

  test("what is missing is told with the commands that make it, namespace and Secret", async () => {
    const message = await problems({}, STACK);
    expect(message).toContain("nothing of staging was changed:\n  there is no Secret vault in ralex-staging");
    expect(message).toContain("\n    kubectl --context test create namespace ralex-staging");
    const partly = { ...READY, secrets: { vault: KEYS.slice(1) } };
    expect(await problems(partly, { ...STACK, exposure: "ingress" })).toMatch(
      /has no value for adminPassword: [^]*there is no Secret vault-tls in ralex-staging: an Ingress takes/,
    );
  });

  test("a namespace that was made for the Secret is taken over once it says whose it is", async () => {
    const message = await problems({ ...READY, namespace: {} }, STACK);
    expect(message).toContain("the namespace ralex-staging is there already, and nothing says that it is for staging.");
    expect(message).toContain(
      "kubectl --context test label namespace ralex-staging app.kubernetes.io/instance=staging",
    );
    const others = { ...READY, namespace: { "app.kubernetes.io/instance": "prod" } };
    expect(await problems(others, STACK)).toContain("is there already and is of the stack prod");
  });

  test("who may not get the Secrets is told so, by their names, and not that they are missing", async () => {
    const message = await problems({ ...READY, secrets: {}, denied: ["get secrets vault"] }, STACK);
    expect(message.split("\n  ")).toEqual([
      "nothing of staging was changed:",
      "somebody may not get the Secret vault in ralex-staging: have an administrator give it that right there, for these " +
        "names alone",
    ]);
  });

  test("a stack with secrets of its own is not taken over, until nobody protects them", async () => {
    const own = ["ralex-secrets-redisPassword", "ralex-secrets-apiKey"];
    const deployed = [...DEPLOYED, ...own.map((name) => protectedOne(name))];
    expect(await problems(READY, STACK, deployed)).toContain(
      "staging has generated secrets of its own (apiKey, redisPassword), which its databases and its people know",
    );
    expect(await problems(READY, STACK, [...DEPLOYED, protectedOne("ralex-tls-ca-key")])).toContain(
      "staging has generated secrets of its own (its certificate authority)",
    );
    expect(await problems(READY, {}, deployed)).toBe("");
    expect(await problems(READY, STACK, [...DEPLOYED, ...own.map((name) => protectedOne(name, false))])).toBe("");
  });

  test("a stack that has its secrets from a Secret does not generate others in their place", async () => {
    const deployed = [...DEPLOYED, protectedOne("ralex-secret-hashes-key")];
    expect(await problems(READY, {}, deployed)).toContain("set ralex:existingSecret to its name again");
    expect(await problems(READY, STACK, deployed)).toBe("");
  });
});

test("what kept files from being composed is told in the words of what composes them", () => {
  const ended = (exitCode: number, message: string) => ({ terminated: { exitCode, message } });
  const pod = (status: object) => ({ status: { initContainerStatuses: [{ name: "composer", ...status }] } }) as V1Pod;
  const said = "Secret vault: key apiKey is empty\nSecret vault: key redisPassword is missing\n";
  const lines = ["composer: Secret vault: key apiKey is empty", "composer: Secret vault: key redisPassword is missing"];
  expect(composingLines(pod({ state: ended(1, said) }))).toEqual(lines);
  expect(composingLines(pod({ state: { waiting: {} }, lastState: ended(1, said) }))).toEqual(lines);
  expect(composingLines(pod({ state: ended(0, "done") }))).toEqual([]);
  expect(composingLines(undefined)).toEqual([]);
});

test("the last events of a pod are told, oldest first", () => {
  const event = (pod: string, reason: string, minute: number) => ({
    involvedObject: { kind: "Pod", name: pod },
    metadata: {},
    reason,
    message: `${reason} happened\n`,
    lastTimestamp: new Date(2026, 0, 1, 0, minute),
  });
  const events = [3, 1, 2, 5, 4].map((minute) => event("api", `Event${minute}`, minute));
  expect(eventsOf([...events, event("redis", "Other", 9)], "api")).toEqual(
    [2, 3, 4, 5].map((number) => `Event${number}: Event${number} happened`),
  );
});

test("of pods that were not let in, the newest refusal of each object is told, and none of long ago", () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
  const refused = (
    kind: string,
    name: string,
    minute: number,
    message: string,
    reason = "FailedCreate",
  ): CoreV1Event => ({
    metadata: {},
    involvedObject: { kind, name },
    reason,
    message,
    lastTimestamp: at(minute),
  });
  const events = [
    refused("ReplicaSet", "api-1", 9, "exceeded quota: tight"),
    refused("ReplicaSet", "api-1", 7, "an earlier word"),
    refused("Job", "migrations-1", 8, 'violates PodSecurity "restricted:latest"'),
    refused("ReplicaSet", "edge-1", 1, "of long ago"),
    refused("Pod", "redis-0", 9, "no refusal", "Killing"),
  ];
  expect(refusals(events, at(5).getTime())).toEqual([
    "ReplicaSet api-1 cannot make a pod: exceeded quota: tight",
    'Job migrations-1 cannot make a pod: violates PodSecurity "restricted:latest"',
  ]);
});

test("a container that the kernel ended is told with its limit, and one that ended by itself is not", () => {
  const pod = (reason: string): V1Pod => ({
    spec: { containers: [{ name: "api", resources: { limits: { memory: "256Mi" } } }] },
    status: {
      containerStatuses: [
        {
          ...{ name: "api", image: "", imageID: "", ready: false, restartCount: 1 },
          lastState: { terminated: { exitCode: 137, reason } },
        },
      ],
    },
  });
  expect(memoryLines(pod("OOMKilled"))).toEqual([
    "api needed more memory than its limit of 256Mi: set ralex:size to a larger one",
  ]);
  expect(memoryLines(pod("Error"))).toEqual([]);
});

test("a claim without a volume is told in the words of who should make one, and one that waits for its pod is not", () => {
  const claim = (name: string, phase = "Pending") => ({
    metadata: { name, namespace: "ralex-staging" },
    spec: { storageClassName: "slow" },
    status: { phase },
  });
  const event = (name: string, reason: string): CoreV1Event => ({
    ...{ metadata: {}, involvedObject: { kind: "PersistentVolumeClaim", name }, reason, message: `${reason} it is` },
    lastTimestamp: new Date(2026, 0, 1),
  });
  const events = ["a", "c"].map((name) => event(name, "ProvisioningFailed"));
  expect(
    unbound([claim("a"), claim("b"), claim("c", "Bound")], [...events, event("b", "WaitForFirstConsumer")]),
  ).toEqual([
    "the PersistentVolumeClaim a has no volume yet (StorageClass slow): ProvisioningFailed: ProvisioningFailed it is",
    "  see to its provisioner; or, since nothing is in it, kubectl --namespace ralex-staging delete pvc a, and deploy with " +
      "another ralex:storageClass",
  ]);
});
