/** What the commands read of a stack's outputs. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readOutput, readOutputs } from "../../../cli/outputs";
import { Workspace } from "../../../cli/workspace";

const OUTPUTS = {
  ...{ webUrl: "https://a.test", apiUrl: "https://a.test/v1", tlsUrl: "https://a.test", adminEmail: "a@b.test" },
  ...{ release: { id: "r-1", images: {}, ran: [] }, verification: { passed: false, at: null, checks: [] } },
  ...{ services: {}, substitutes: [], imageLock: "pinned", omissions: [] },
};

let checkout: string;
beforeEach(() => (checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-outputs-"))));
afterEach(() => fs.rmSync(checkout, { recursive: true }));

/** A workspace whose stack qa has put out these. */
function having(outputs: object): Workspace {
  const made = new Workspace(checkout, { env: {}, standIns: [] });
  const folder = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(folder, { recursive: true });
  const resources = [{ urn: "s", type: "pulumi:pulumi:Stack", outputs }];
  fs.writeFileSync(path.join(folder, "qa.json"), JSON.stringify({ checkpoint: { latest: { resources } } }));
  return made;
}

test("of what is in a Secret that somebody else makes the command is told that prints it", async () => {
  const elsewhere = { apiKey: "kubectl get secret vault" };
  const workspace = having({ ...OUTPUTS, elsewhere });
  await expect(readOutput(workspace, "qa", "apiKey")).rejects.toThrow(
    "qa does not know apiKey, which is in a Secret that you made. This prints it:\n  kubectl get secret vault",
  );
  await expect(readOutput(workspace, "qa", "nothing")).rejects.toThrow("qa has no output nothing; it has adminEmail, ");
  expect(await readOutput(workspace, "qa", "adminEmail")).toBe("a@b.test");
  expect((await readOutputs(workspace, "qa")).elsewhere).toEqual(elsewhere);
});

test("a stack with secrets of its own has them, and says of nothing that it is elsewhere", async () => {
  const workspace = having({ ...OUTPUTS, apiKey: "in clear here" });
  expect(await readOutput(workspace, "qa", "apiKey")).toBe("in clear here");
  expect((await readOutputs(workspace, "qa")).elsewhere).toBeUndefined();
});
