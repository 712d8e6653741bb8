/** What a reset of a stack on a cluster says that it would remove. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { claimsOf } from "../../../cli/targets/kubernetes/data";
import { Workspace } from "../../../cli/workspace";
import * as client from "../../../components/kubernetes/client";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));

const NAMESPACE = "ralex:kubernetes:Stack$ralex:kubernetes:Namespace$kubernetes:core/v1:Namespace";
const CLAIM = { metadata: { name: "postgres" }, status: { phase: "Bound", capacity: { storage: "10Gi" } } };

async function data(outputs: object): Promise<readonly object[]> {
  const listNamespacedPersistentVolumeClaim = () => Promise.resolve({ items: [CLAIM] });
  const cluster = { core: { listNamespacedPersistentVolumeClaim } } as unknown as client.Cluster;
  jest.mocked(client.connectCluster).mockResolvedValue(cluster);
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-data-"));
  const folder = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(folder, { recursive: true });
  const resources = [
    { urn: "s", type: "pulumi:pulumi:Stack", outputs },
    { urn: "a", type: "ralex:kubernetes:Cluster", outputs: { context: "test", uid: "u-1" } },
    {
      urn: `urn:pulumi:qa::ralex::${NAMESPACE}::ralex`,
      type: "kubernetes:core/v1:Namespace",
      outputs: { metadata: { name: "ralex-qa" } },
    },
  ];
  fs.writeFileSync(path.join(folder, "qa.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  const found = await claimsOf(new Workspace(checkout, { env: {}, standIns: [] }), "qa");
  fs.rmSync(checkout, { recursive: true });
  return found;
}

test("claims, and the Secret that somebody made in the namespace, which goes with it", async () => {
  const claim = { name: "claim ralex-qa/postgres", size: "10Gi reserved" };
  expect(await data({})).toEqual([claim]);
  expect(await data({ existingSecret: "vault" })).toEqual([
    claim,
    { name: "Secret ralex-qa/vault", size: "made by you" },
  ]);
});
