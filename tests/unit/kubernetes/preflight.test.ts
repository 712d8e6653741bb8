/** What is refused before anything of a stack on a cluster is changed. That a real cluster answers so, the kubernetes tier shows. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { preflight } from "../../../cli/targets/kubernetes/preflight";
import type { CoreV1Event } from "@kubernetes/client-node";
import { eventsOf, refusals } from "../../../cli/targets/kubernetes/explain";
import { Workspace } from "../../../cli/workspace";
import * as client from "../../../components/kubernetes/client";
import { clusterSettings } from "../../support/on-kubernetes";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));
// The library is of modules alone, which these tests do not load.
jest.mock("@kubernetes/client-node", () => ({ StorageV1Api: "storage", AuthorizationV1Api: "authorization" }), {
  virtual: true,
});

interface Answers {
  readonly uid?: string;
  readonly minor?: string;
  /** Labels of that of the application. */
  readonly namespace?: Record<string, string>;
  /** Labels of that with access to the nodes. */
  readonly beside?: Record<string, string>;
  readonly classes?: Readonly<Record<string, boolean>>;
  readonly denied?: readonly string[];
  readonly down?: true;
}

/** A cluster that answers so. */
function answering(answers: Answers) {
  const { uid = "u-1", minor = "34", namespace, beside, classes = { standard: true }, denied = [], down } = answers;
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
    authorization: {
      createSelfSubjectAccessReview: ({ body }: { body: { spec: { resourceAttributes: { resource: string } } } }) =>
        Promise.resolve({ status: { allowed: !denied.includes(body.spec.resourceAttributes.resource) } }),
    },
  };
  const readNamespace = ({ name }: { name: string }) => {
    if (down === true) return Promise.reject(new Error("connect ECONNREFUSED 127.0.0.1:9"));
    if (name === "kube-system") return Promise.resolve({ metadata: { uid } });
    const labels = name.endsWith("-observability") ? beside : namespace;
    return labels === undefined ? Promise.reject(missing) : Promise.resolve({ metadata: { labels } });
  };
  jest.mocked(client.connectCluster).mockResolvedValue({
    config: {
      makeApiClient: (api: keyof typeof apis) => apis[api],
      getCurrentUser: () => ({ name: "somebody" }),
      getCurrentCluster: () => ({ server: "https://127.0.0.1:9" }),
      getCurrentContext: () => "test",
    },
    core: { readNamespace },
    version: { getCode: () => Promise.resolve({ major: "1", minor, gitVersion: `v1.${minor}.0` }) },
  } as unknown as client.Cluster);
}

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

beforeEach(() => (checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-preflight-"))));
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

  test("another cluster under the same name is refused, and so is another namespace than the one with the data", async () => {
    expect(await problems({ uid: "u-2", namespace: {} }, {}, DEPLOYED)).toContain(
      "context test leads to another cluster (u-2) than the one that this stack is on (u-1)",
    );
    expect(await problems({}, { namespace: "elsewhere" }, DEPLOYED)).toContain(
      "staging is in the namespace ralex-staging with its data, and cannot be moved to elsewhere",
    );
  });
});

test("the last events of a pod are told, oldest first", () => {
  const event = (pod: string, reason: string, minute: number) => ({
    involvedObject: { name: pod },
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
