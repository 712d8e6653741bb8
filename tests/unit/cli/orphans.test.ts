import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { sweepOrphans } from "../../../cli/targets/docker/recovery";
import { Workspace } from "../../../cli/workspace";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-backend-"));
afterAll(() => fs.rmSync(checkout, { recursive: true }));

/** A workspace whose backend has this address. */
function workspaceOf(url: string): Workspace {
  const workspace = new Workspace(checkout, { env: {}, standIns: [] });
  jest.spyOn(workspace, "environment", "get").mockReturnValue({ PULUMI_BACKEND_URL: url });
  return workspace;
}

describe("a stack's state", () => {
  const folder = path.join(checkout, "state/.pulumi");
  beforeAll(() => fs.mkdirSync(path.join(folder, "stacks/ralex"), { recursive: true }));

  describe("beside the engine's containers", () => {
    const removed: string[] = [];
    const IDENTITY = {
      urn: "urn:pulumi:made::ralex::random:index/randomId:RandomId::ralex-identity",
      type: "random:index/randomId:RandomId",
      outputs: { hex: "0a1b2c3d", keepers: { stack: "made" } },
    };
    const resources = [IDENTITY, ...["known", "files"].map((id) => ({ urn: `urn::${id}`, type: "t", id }))];
    beforeAll(() =>
      fs.writeFileSync(
        path.join(folder, "stacks/ralex/made.json"),
        JSON.stringify({ checkpoint: { latest: { resources } } }),
      ),
    );
    const asked: unknown[] = [];
    const engine = {
      listContainers: ({ filters }: { filters: unknown }) => {
        asked.push(filters);
        return Promise.resolve(["known", "left"].map((Id) => ({ Id, Names: [`/${Id}`] })));
      },
      listNetworks: () => Promise.resolve([{ Id: "net", Name: "net" }]),
      listVolumes: ({ filters }: { filters: string }) => {
        asked.push(JSON.parse(filters));
        return Promise.resolve({ Volumes: ["files", "old-files"].map((Name) => ({ Name })) });
      },
      getVolume: (id: string) => ({ remove: () => Promise.resolve(void removed.push(id)) }),
      getContainer: (id: string) => ({ remove: () => Promise.resolve(void removed.push(id)) }),
      getNetwork: (id: string) => ({ remove: () => Promise.resolve(void removed.push(id)) }),
    } as unknown as Docker;
    beforeEach(() => {
      removed.length = 0;
      jest.spyOn(console, "error").mockImplementation(() => undefined);
    });
    afterEach(() => jest.restoreAllMocks());

    test("tells what an interrupted command left behind", async () => {
      await sweepOrphans(workspaceOf(`file://${checkout}/state`), engine, "made");
      expect(removed).toEqual(["left", "net", "old-files"]);
      // Of this deployment alone, and no volume that holds data.
      const own = "ralex.deployment=0a1b2c3d";
      expect(asked).toEqual([{ label: [own] }, { label: [own, "ralex.files"] }]);
    });

    test("removes nothing when the backend does not know the stack, and says which backend that is", async () => {
      const sweep = sweepOrphans(workspaceOf("file:///another/state"), engine, "plain");
      await expect(sweep).rejects.toThrow(/2 containers of plain.*backend file:\/\/\/another\/state does not know/);
      expect(removed).toEqual([]);
    });
  });
});
