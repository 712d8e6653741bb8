import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { EXIT } from "../../../cli/failure";
import { keptByGrafana, keptByPostgres, keptElsewhere, ofStoreAway, registerRotate } from "../../../cli/rotate";
import { postgres as service } from "../../../components/app/services/data";

const urn = (name: string) => `urn:pulumi:prod::ralex::ralex:docker:Stack$x::${name}`;

describe("rotating a secret that software keeps from its first start", () => {
  test("is refused for Open WebUI's administrator before anything is touched, and says what to do", async () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-rotate-"));
    fs.writeFileSync(path.join(checkout, "Pulumi.dev.yaml"), "config: {}\n");
    const program = new Command();
    registerRotate(program, checkout);
    const rotated = program.parseAsync(["rotate", "adminPassword"], { from: "user" });
    await expect(rotated).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining("under Settings > Account") as string,
    });
    expect(fs.existsSync(path.join(checkout, ".ralex"))).toBe(false);
    fs.rmSync(checkout, { recursive: true });
  });

  test("is refused for Postgres' superuser before anything is touched, and says how it can be done", async () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-rotate-"));
    fs.writeFileSync(path.join(checkout, "Pulumi.prod.yaml"), "config: {}\n");
    const program = new Command();
    registerRotate(program, checkout);
    const rotated = program.parseAsync(["rotate", "superuserPassword", "-s", "prod"], { from: "user" });
    const script = service("addressed")
      .files.map((file) => file.path)
      .find((name) => name.includes("superuser-password"));
    await expect(rotated).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringContaining(`docker exec ralex-prod-postgres sh ${script ?? "no script"};`) as string,
    });
    expect(fs.existsSync(path.join(checkout, ".ralex"))).toBe(false);
    expect(keptByPostgres("ralexDatabasePassword", "prod")).toBeUndefined();
    fs.rmSync(checkout, { recursive: true });
  });

  test("is refused for a store that another one takes the place of, and names the setting of that", () => {
    const urls = { postgresUrl: "postgresql://a@db.example?sslmode=require", redisUrl: "rediss://cache.example" };
    expect(ofStoreAway("superuserPassword", urls)).toContain("config set --secret ralex:postgresPassword");
    expect(ofStoreAway("redisPassword", urls)).toContain("config set --secret ralex:redisPassword");
    expect(ofStoreAway("ralexDatabasePassword", urls)).toBeUndefined();
    const own = { postgresUrl: undefined, redisUrl: undefined };
    for (const secret of ["superuserPassword", "redisPassword"]) expect(ofStoreAway(secret, own)).toBeUndefined();
  });

  test("is refused for what is in a Secret that somebody else makes, and names who brings a new value to the pods", () => {
    const release = { id: "r-1", images: {} };
    expect(keptElsewhere("apiKey", "prod", { existingSecret: "vault", release })).toMatch(
      /^apiKey was not replaced: it is in the Secret vault,[^]*; \.\/ralex deploy -s prod then replaces the pods/,
    );
    expect(keptElsewhere("apiKey", "qa", { existingSecret: "vault" })).toContain("./ralex start -s qa then replaces");
    expect(keptElsewhere("apiKey", "prod", { existingSecret: undefined })).toBeUndefined();
  });

  test("is refused there by the command before anything is touched", async () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-rotate-"));
    const config = { target: "kubernetes", kubeContext: "test", hostName: "ralex.test", existingSecret: "vault" };
    const written = Object.entries(config).map(([key, value]) => `  ralex:${key}: ${value}\n`);
    fs.writeFileSync(path.join(checkout, "Pulumi.prod.yaml"), `config:\n${written.join("")}`);
    const program = new Command();
    registerRotate(program, checkout);
    for (const secret of ["apiKey", "adminPassword", "superuserPassword"]) {
      const rotated = program.parseAsync(["rotate", secret, "-s", "prod"], { from: "user" });
      const message = expect.stringContaining(`${secret} was not replaced: it is in the Secret vault`) as string;
      await expect(rotated).rejects.toMatchObject({ exitCode: EXIT.refused, message });
    }
    expect(fs.existsSync(path.join(checkout, ".ralex"))).toBe(false);
    fs.rmSync(checkout, { recursive: true });
  });

  test("is refused for the operator where Grafana is part of the stack, and for nobody else", () => {
    const urns = [urn("ralex-volume-grafana"), urn("ralex-secrets-operatorPassword")];
    expect(keptByGrafana("operatorPassword", urns)).toContain("Profile > Change password");
    expect(keptByGrafana("operatorPassword", urns.slice(1))).toBeUndefined();
    expect(keptByGrafana("apiKey", urns)).toBeUndefined();
  });
});
