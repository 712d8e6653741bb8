/** Whether pods that run were verified, though the inputs are those of before: after a failed update that was taken back. */
import { rolloutsOf } from "../../../components/kubernetes/provider/rollouts";
import * as client from "../../../components/kubernetes/client";
import { RalexProvider } from "../../../components/provider/provider";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));

interface Answers {
  /** Number of the Deployment's template. */
  readonly api?: string;
  /** Number of the StatefulSet's template. */
  readonly postgres?: number;
  readonly uid?: string;
}

/** A cluster with a Deployment, a StatefulSet and what is not the stack's. */
const cluster = ({ api = "3", postgres = 2, uid = "u-1" }: Answers) => {
  const deployment = (name: string, revision: string) => ({
    metadata: { name, uid, annotations: { "deployment.kubernetes.io/revision": revision } },
  });
  const apps = {
    listNamespacedDeployment: () => ({ items: [deployment("api", api), deployment("a-stranger", "9")] }),
    listNamespacedStatefulSet: () => ({
      items: [{ metadata: { name: "postgres", uid }, status: { updateRevision: "postgres-b" } }],
    }),
    listNamespacedControllerRevision: () => ({
      items: [
        { metadata: { name: "postgres-a" }, revision: postgres - 1 },
        { metadata: { name: "postgres-b" }, revision: postgres },
      ],
    }),
  };
  return { apps } as unknown as client.Cluster;
};

const services = [{ service: "postgres" }, { service: "api" }];

test("a rollout is the object and the number of its template, for the services of the stack alone", async () => {
  expect(await rolloutsOf(cluster({}), "ralex-staging", services)).toEqual({ api: "u-1 3", postgres: "u-1 2" });
});

describe("the checks of a deployment", () => {
  const inputs = { context: "test", namespace: "ralex-staging", services, probe: {}, hash: "h" };
  const verified = { hash: "h", result: {}, rollouts: { api: "u-1 3", postgres: "u-1 2" } };
  const diff = async (answers: Answers | Error, given = inputs) => {
    const connect = jest.mocked(client.connectCluster);
    if (answers instanceof Error) connect.mockRejectedValue(answers);
    else connect.mockResolvedValue(cluster(answers));
    const urn = "urn:pulumi:staging::ralex::ralex:kubernetes:Stack$ralex:kubernetes:Checks::ralex-checks";
    return new RalexProvider().diff("id", urn, verified, given);
  };

  test("run again where a template was another one meanwhile, and where an object was made anew", async () => {
    for (const answers of [{ api: "5" }, { postgres: 4 }, { uid: "u-2" }]) {
      expect(await diff(answers)).toMatchObject({ changes: true, replaces: ["rollouts"] });
    }
  });

  test("do not run again where nothing happened, or where the cluster cannot be asked", async () => {
    expect(await diff({})).toMatchObject({ changes: false, replaces: [] });
    expect(await diff(new Error("no such context"))).toMatchObject({ changes: false, replaces: [] });
  });

  test("run again for another hash, without asking the cluster", async () => {
    jest.mocked(client.connectCluster).mockClear();
    expect(await diff({}, { ...inputs, hash: "another" })).toMatchObject({ changes: true, replaces: ["hash"] });
    expect(client.connectCluster).not.toHaveBeenCalled();
  });
});
