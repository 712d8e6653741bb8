/** What `./ralex doctor` looks at, machine by machine. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { registerDoctor } from "../../../cli/doctor";
import { pulumiCheck } from "../../../cli/targets/docker/builder/doctor";
import { EXIT } from "../../../cli/failure";
import { PULUMI_VERSION } from "../../../cli/pulumi-cli";
import type { MachineCheck } from "../../../toolchain";

const BUILDER = "Name: release\nDriver: docker-container\nPlatforms: linux/amd64, linux/arm64*, linux/386";

describe("the doctor of a machine with the official Pulumi CLI", () => {
  const before = { environment: process.env, exitCode: process.exitCode };
  let folder: string;
  const install = (name: string, text: string) =>
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-doctor-"));
    install("pulumi", `echo v${PULUMI_VERSION}`);
    install("docker", `cat <<'END'\n${BUILDER}\nEND`);
    process.env = {
      ...before.environment,
      RALEX_TOOLCHAIN: "official",
      PATH: `${folder}${path.delimiter}${before.environment.PATH}`,
      DOCKER_HOST: "tcp://127.0.0.1:1",
      RALEX_REGISTRY: "registry.example/ralex",
      PULUMI_BACKEND_URL: `file://${folder}`,
    };
  });
  afterEach(() => {
    process.env = before.environment;
    process.exitCode = before.exitCode;
    jest.restoreAllMocks();
    fs.rmSync(folder, { recursive: true });
  });

  async function doctor(): Promise<Record<string, MachineCheck>> {
    const said = jest.spyOn(console, "log").mockReturnValue(undefined);
    const program = new Command();
    registerDoctor(program, folder);
    await program.parseAsync(["doctor", "--json"], { from: "user" });
    const checks = JSON.parse(String(said.mock.calls.at(-1)?.[0])) as readonly MachineCheck[];
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  }

  test("asks for what such a machine uses, and for nothing of the toolchain", async () => {
    const checks = await doctor();
    expect(Object.keys(checks)).toEqual([
      "Pulumi",
      "Docker Engine",
      "Docker's builder",
      "registry to push to",
      "backend",
    ]);
    expect(checks).toMatchObject({
      Pulumi: { ok: true },
      "Docker's builder": { ok: true, detail: "builds for linux/amd64 and linux/arm64" },
      "registry to push to": { ok: true, detail: "registry.example/ralex (RALEX_REGISTRY)" },
    });
  });

  test("says what is missing with what to do, and ends with an error", async () => {
    install("docker", "printf 'Driver: docker\\nPlatforms: linux/amd64\\n'");
    delete process.env.RALEX_REGISTRY;
    const checks = await doctor();
    expect(checks).toMatchObject({
      "Docker Engine": { ok: false, remedy: expect.stringContaining("does not run: start it") as string },
      "Docker's builder": {
        ok: false,
        remedy: expect.stringMatching(/--driver docker-container[^]*for linux\/arm64.*binfmt/) as string,
      },
      "registry to push to": { ok: true, detail: expect.stringContaining("a container on this engine") as string },
    });
    expect(process.exitCode).toBe(EXIT.error);
  });
});

test("a Pulumi that is older, of another major version or missing is wrong, and a newer one is named", () => {
  const check = (...versions: readonly string[]) =>
    pulumiCheck(versions.map((version) => ({ program: "/usr/bin/pulumi", version })));
  expect(check(PULUMI_VERSION)).toEqual({
    name: "Pulumi",
    ok: true,
    detail: `version ${PULUMI_VERSION} (/usr/bin/pulumi)`,
  });
  expect(check("3.1000.0")).toMatchObject({ ok: true, detail: expect.stringContaining("tested with") as string });
  expect(check("3.9.0", PULUMI_VERSION)).toMatchObject({ ok: true });
  for (const wrong of [["3.9.0"], ["4.0.0"], []]) expect(check(...wrong)).toMatchObject({ ok: false });
});
