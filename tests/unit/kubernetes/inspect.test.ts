/** What the doctor says of a cluster with regard to the Secrets that somebody else makes. */
import { inspect } from "../../../cli/targets/kubernetes/inspect";
import type { Workspace } from "../../../cli/workspace";
import * as client from "../../../components/kubernetes/client";
import { keysOf } from "../../../components/kubernetes/existing-secret";
import { clusterSettings, onKubernetes } from "../../support/on-kubernetes";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));
// The library is of modules alone, which these tests do not load.
jest.mock("@kubernetes/client-node", () => ({}), { virtual: true });

const RELEASE = { release: { id: "r-1", images: {} } };
const WORKSPACE = { checkout: "/none", environment: {} } as unknown as Workspace;

/** A cluster that has nothing but a Secret with these keys, and allows everything. */
function holding(keys: readonly string[]): void {
  const nothing = () => Promise.resolve({ items: [] });
  const api = {
    ...{ listStorageClass: nothing, listIngressClass: nothing, listDaemonSetForAllNamespaces: nothing },
    readAPIService: () => Promise.resolve({}),
    createSelfSubjectAccessReview: () => Promise.resolve({ status: { allowed: true } }),
  };
  const data = Object.fromEntries(keys.map((key) => [key, "YQ=="]));
  jest.mocked(client.connectCluster).mockResolvedValue({
    config: { makeApiClient: () => api, getCurrentUser: () => null, getCurrentCluster: () => null },
    core: {
      readNamespace: () => Promise.resolve({ metadata: { uid: "u-1" } }),
      readNamespacedSecret: () => Promise.resolve({ type: "Opaque", data }),
    },
    version: { getCode: () => Promise.resolve({ major: "1", minor: "34", gitVersion: "v1.34.0" }) },
  } as unknown as client.Cluster);
}

const ofSecrets = async (configuration: Record<string, unknown>) =>
  (await inspect(WORKSPACE, "staging", clusterSettings(configuration))).filter(({ name }) =>
    name.startsWith("secrets"),
  );

test("the Secret of a pinned stack is looked at, and each key that it lacks is named", async () => {
  const settings = { ...RELEASE, existingSecret: "vault" };
  const keys = keysOf(onKubernetes(clusterSettings(settings)));
  holding(keys);
  expect(await ofSecrets(settings)).toEqual([
    { name: "secrets of staging", ok: true, detail: `all is in vault (${keys.length} keys)` },
  ]);
  holding(keys.filter((key) => key !== "apiKey"));
  expect(await ofSecrets(settings)).toEqual([
    { name: "secrets of staging", ok: false, detail: expect.stringContaining("has no value for apiKey:") as string },
  ]);
});

test("nothing is looked for where nothing is pinned yet, or where the stack makes its own", async () => {
  holding([]);
  expect(await ofSecrets({ existingSecret: "vault" })).toEqual([]);
  expect(await ofSecrets(RELEASE)).toEqual([]);
});
