import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
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

test("a checkout has one passphrase, whichever of several first commands makes it", async () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-workspace-"));
  const script = `
    const { Workspace } = require(${JSON.stringify(path.resolve("cli/workspace.ts"))});
    const until = Number(process.argv[1]);
    while (Date.now() < until);
    const { environment } = new Workspace(${JSON.stringify(checkout)}, { env: {}, standIns: [] });
    console.log(require("node:fs").readFileSync(environment.PULUMI_CONFIG_PASSPHRASE_FILE, "utf8").trim());`;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_")));
  // Loaded by then, all of them.
  const args = ["--require", path.resolve("toolchain/typescript.js"), "--eval", script, String(Date.now() + 3000)];
  try {
    const read = await Promise.all(
      [1, 2, 3, 4].map(async () => (await execa(process.execPath, args, { env, extendEnv: false })).stdout),
    );
    expect(read[0]).toMatch(/^[\w-]{43}$/);
    expect(new Set(read).size).toBe(1);
    expect(fs.statSync(path.join(checkout, ".ralex/passphrase")).mode & 0o777).toBe(0o600);
    expect(fs.readdirSync(path.join(checkout, ".ralex")).sort()).toEqual(["passphrase", "state"]);
  } finally {
    fs.rmSync(checkout, { recursive: true });
  }
}, 30_000);

test("Pulumi keeps a backup of the state with an update of what releases are promoted to, and of nothing else", async () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-workspace-"));
  const asked = 'echo "${PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS-unset}"';
  fs.writeFileSync(path.join(checkout, "pulumi"), `#!/bin/sh\n${asked}\n`, { mode: 0o755 });
  fs.writeFileSync(path.join(checkout, "Pulumi.prod.yaml"), "config:\n  ralex:promotesFrom: staging\n");
  fs.writeFileSync(path.join(checkout, "Pulumi.dev.yaml"), "config: {}\n");
  const workspace = new Workspace(checkout, { env: { PATH: `${checkout}:${process.env.PATH}` }, standIns: [] });
  const answers = [];
  for (const stack of ["dev", "organization/ralex/dev", "prod", "organization/ralex-ledger/prod"]) {
    answers.push(await workspace.capture(["up", "--stack", stack]));
  }
  expect(answers).toEqual(["true", "true", "unset", "unset"]);
  fs.rmSync(checkout, { recursive: true });
});

test("a Pulumi that is not there is an error that says so", async () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-workspace-"));
  const workspace = new Workspace(checkout, { env: { PATH: checkout }, standIns: [] });
  await expect(workspace.capture(["whoami"])).rejects.toThrow(/pulumi whoami failed:\n.*ENOENT/);
  fs.rmSync(checkout, { recursive: true });
});
