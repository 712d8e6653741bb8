import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { findPulumi, prepareMachine } from "../../../cli/machine";
import { registerStart } from "../../../cli/start";

describe("the official Pulumi CLI", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-machine-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const install = (...parts: string[]): string => {
    const bin = path.join(folder, ...parts);
    fs.mkdirSync(bin, { recursive: true });
    fs.writeFileSync(path.join(bin, "pulumi"), "");
    return bin;
  };

  test("is the first one of the PATH", () => {
    const [first, second] = [install("a"), install("b")];
    expect(findPulumi([folder, first, second].join(path.delimiter), "/cache")).toBe(path.join(first, "pulumi"));
  });

  test("is not the one that was compiled here, which `./ralex env` puts in the PATH", () => {
    const compiled = install("cache", "pulumi-3.259.0-abc");
    expect(findPulumi(compiled, path.join(folder, "cache"))).toBeUndefined();
    expect(findPulumi("", "/cache")).toBeUndefined();
  });
});

describe("a machine with the official Pulumi CLI and a Docker Engine, and no registry named", () => {
  const before = process.env;
  let checkout: string;
  let engine: http.Server;
  beforeEach(async () => {
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-official-"));
    fs.writeFileSync(path.join(checkout, "pulumi"), "#!/bin/sh\necho v3.259.0\n", { mode: 0o755 });
    engine = http.createServer((_, response) => response.end("OK"));
    await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
    process.env = {
      ...before,
      RALEX_TOOLCHAIN: "official",
      PATH: `${checkout}${path.delimiter}${before.PATH}`,
      DOCKER_HOST: `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`,
    };
    delete process.env.RALEX_REGISTRY;
    jest.spyOn(process, "getuid").mockReturnValue(0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.env = before;
    engine.close();
    fs.rmSync(checkout, { recursive: true });
  });

  const start = (stackFile: string) => {
    fs.writeFileSync(path.join(checkout, "Pulumi.prod.yaml"), stackFile);
    const program = new Command();
    registerStart(program, checkout);
    return program.parseAsync(["start", "-s", "prod"], { from: "user" });
  };
  const NO_REGISTRY = "set RALEX_REGISTRY to a registry that this machine may push to";

  test("runs what was built elsewhere: nothing is pushed, so no registry is asked for", async () => {
    await expect(prepareMachine(checkout, { images: true })).resolves.toMatchObject({ registry: "" });
  });

  test("needs a registry for the working tree and for a release, which are pushed", async () => {
    await expect(prepareMachine(checkout, { images: true, workingTree: true })).rejects.toThrow(NO_REGISTRY);
    process.env.RALEX_REGISTRY = "127.0.0.1:5000";
    const needs = { images: true, workingTree: true };
    await expect(prepareMachine(checkout, needs)).resolves.toMatchObject({ registry: "127.0.0.1:5000" });
  });

  test("starts a pinned release without one, and nothing else", async () => {
    await expect(start("config: {}\n")).rejects.toThrow(NO_REGISTRY);
    const ref = `registry.example/ralex-api@sha256:${"0".repeat(64)}`;
    const pinned = start(`config:\n  ralex:release: { id: r-1, images: { ralex-api: "${ref}" } }\n`);
    // The next step, which this checkout has no file for.
    await expect(pinned).rejects.toThrow("images.lock.json");
  });
});
