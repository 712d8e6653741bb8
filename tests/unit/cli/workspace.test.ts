import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Workspace } from "../../../cli/workspace";

test("Pulumi and its plugins find no secret of signing in their environment, and everything else", () => {
  const [before, checkout] = [process.env, fs.mkdtempSync(path.join(os.tmpdir(), "ralex-workspace-"))];
  const key = { RALEX_SIGNING_KEY: "env://RELEASE_KEY", RELEASE_KEY: "CANARY", COSIGN_PASSWORD: "CANARY" };
  process.env = { ...before, ...key, AWS_PROFILE: "release" };
  try {
    const { environment } = new Workspace(checkout, { env: { PULUMI_HOME: "/home" }, standIns: [] });
    expect(JSON.stringify(environment)).not.toContain("CANARY");
    expect(environment).toMatchObject({ AWS_PROFILE: "release", PULUMI_HOME: "/home", PATH: before.PATH });
  } finally {
    process.env = before;
    fs.rmSync(checkout, { recursive: true });
  }
});
