import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Command } from "commander";
import { prepareMachine } from "../../../cli/machine";
import { ensurePulumi, findPulumi, OFFICIAL_HOME, PULUMI_VERSION } from "../../../cli/pulumi-cli";
import { registerStart } from "../../../cli/start";
import { chooseToolchain, type Surroundings } from "../../../cli/toolchain";
import { COMMITTED_LOCK } from "../../../components/image/lock";
import { CHECKOUT } from "../../support/stack";

let folder: string;
const environment = process.env;
let said: jest.SpyInstance;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-machine-"));
  process.env = { ...environment };
  said = jest.spyOn(console, "error").mockReturnValue(undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = environment;
  fs.rmSync(folder, { recursive: true });
});

/** A program that prints its version, in a folder of its own. */
function install(version: string, ...parts: readonly string[]): string {
  const bin = path.join(folder, ...parts);
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, "pulumi"), `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
  return bin;
}

describe("the official Pulumi CLI", () => {
  test("is the first one of the PATH", () => {
    const [first, second] = [install("1.0.0", "a"), install("1.0.0", "b")];
    expect(findPulumi([folder, first, second].join(path.delimiter), "/cache")).toBe(path.join(first, "pulumi"));
  });

  test("is not the one that was compiled here, which `./ralex env` puts in the PATH", () => {
    const compiled = install("3.259.0", "cache", "pulumi-3.259.0-abc");
    expect(findPulumi(compiled, path.join(folder, "cache"))).toBeUndefined();
    expect(findPulumi("", "/cache")).toBeUndefined();
  });

  test("is of the version that the SDK is, which is what the SDK installs", () => {
    const manifest = fs.readFileSync(path.join(CHECKOUT, "node_modules/@pulumi/pulumi/package.json"), "utf8");
    expect((JSON.parse(manifest) as { version: string }).version).toBe(PULUMI_VERSION);
    expect(fs.readFileSync(path.join(CHECKOUT, ".pulumi.version"), "utf8").trim()).toBe(PULUMI_VERSION);
  });

  const installer = jest.fn((root: string) => {
    install(PULUMI_VERSION, path.relative(folder, root), "bin");
    return Promise.resolve();
  });
  beforeEach(() => installer.mockClear());

  test("is installed into the checkout's own folder where there is none, once, and said", async () => {
    process.env.PATH = "";
    const own = path.join(folder, OFFICIAL_HOME, "bin/pulumi");
    await expect(ensurePulumi(folder, installer)).resolves.toEqual({ program: own, version: PULUMI_VERSION });
    expect(said.mock.calls.flat().join()).toContain(`installing Pulumi ${PULUMI_VERSION} into`);
    await ensurePulumi(folder, installer);
    expect(installer).toHaveBeenCalledTimes(1);
  });

  test("is left alone where it is older or of another major version, and the tested one is installed beside", async () => {
    for (const version of ["3.258.9", "4.0.0"]) {
      process.env.PATH = `${install(version, version)}${path.delimiter}${environment.PATH}`;
      fs.rmSync(path.join(folder, OFFICIAL_HOME), { recursive: true, force: true });
      await expect(ensurePulumi(folder, installer)).resolves.toMatchObject({ version: PULUMI_VERSION });
      expect(said.mock.calls.flat().join()).toContain(`is version ${version}, and ${PULUMI_VERSION} is needed`);
    }
    process.env.PATH = `${install("3.1000.0", "newer")}${path.delimiter}${environment.PATH}`;
    await expect(ensurePulumi(folder, installer)).resolves.toMatchObject({ version: "3.1000.0" });
  });

  test("that cannot be installed is named with the way to get it", async () => {
    process.env.PATH = "";
    const failed = ensurePulumi(folder, () => Promise.reject(new Error("getaddrinfo ENOTFOUND get.pulumi.com")));
    await expect(failed).rejects.toThrow(/ENOTFOUND get\.pulumi\.com\ninstall it yourself/);
  });
});

describe("the toolchain", () => {
  const machine = (answers: Partial<Record<keyof Surroundings, boolean>>, reasons: readonly string[] = []) => ({
    hasPulumi: () => Promise.resolve(answers.hasPulumi === true),
    hasStandIns: () => answers.hasStandIns === true,
    reachesPulumi: () => Promise.resolve(answers.reachesPulumi === true),
    whyNotLocal: () => Promise.resolve(reasons),
  });
  beforeEach(() => delete process.env.RALEX_TOOLCHAIN);

  test.each([
    ["official where Pulumi is installed", { hasPulumi: true, hasStandIns: true }, "official"],
    [
      "local where stand-ins wrote the state, whatever can be reached",
      { hasStandIns: true, reachesPulumi: true },
      "local",
    ],
    ["official where Pulumi can be had", { reachesPulumi: true }, "official"],
    ["local where neither is, and the machine can make the tools", {}, "local"],
  ] as const)("is %s", async (_, answers, expected) => {
    await expect(chooseToolchain(folder, machine(answers))).resolves.toBe(expected);
  });

  test("is told with both ways where neither can be had", async () => {
    const neither = chooseToolchain(folder, machine({}, ["Go is not installed", "installing packages needs root"]));
    await expect(neither).rejects.toThrow(/Either\n {2}install Pulumi .*\n.*Go is not installed; installing packages/);
  });

  test("is what RALEX_TOOLCHAIN says, and nothing is looked at", async () => {
    for (const choice of ["official", "local"] as const) {
      process.env.RALEX_TOOLCHAIN = choice;
      await expect(chooseToolchain(folder, machine({ hasPulumi: choice === "local" }))).resolves.toBe(choice);
    }
    process.env.RALEX_TOOLCHAIN = "mine";
    await expect(chooseToolchain(folder)).rejects.toThrow('RALEX_TOOLCHAIN is "mine"; allowed are');
  });
});

describe("an ordinary user's machine with the official Pulumi CLI and a Docker Engine", () => {
  let engine: http.Server;
  let asked: string[];
  beforeEach(async () => {
    install(PULUMI_VERSION);
    fs.writeFileSync(path.join(folder, "docker"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    asked = [];
    engine = http.createServer(({ method, url = "" }, response) => {
      asked.push(`${method} ${url}`);
      const isUpload = url.endsWith("/blobs/uploads/");
      response.writeHead(isUpload ? 202 : 200, isUpload ? { location: "/v2/ralex-api/blobs/uploads/1" } : {});
      response.end(url.includes("json") ? "[]" : "OK");
    });
    await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
    process.env = {
      ...process.env,
      RALEX_TOOLCHAIN: "official",
      PATH: `${folder}${path.delimiter}${environment.PATH}`,
      DOCKER_HOST: `tcp://${address()}`,
      DOCKER_CONTEXT: "another",
      DOCKER_CONFIG: folder,
      RALEX_IMAGES_LOCK: path.join(CHECKOUT, COMMITTED_LOCK),
    };
    delete process.env.RALEX_REGISTRY;
    delete process.env.PULUMI_HOME;
    jest.spyOn(process, "getuid").mockReturnValue(1000);
  });
  afterEach(() => void engine.close());
  const address = () => `127.0.0.1:${(engine.address() as AddressInfo).port}`;

  test("runs what was built elsewhere: nothing is pushed, so no registry is asked for", async () => {
    await expect(prepareMachine(folder, { images: true })).resolves.toMatchObject({ registry: "" });
    expect(asked.filter((request) => request.includes("/v2/"))).toEqual([]);
  });

  test("gives Pulumi a home in the checkout, and the engine by its address alone", async () => {
    const { workspace } = await prepareMachine(folder, { images: true });
    expect(workspace.environment).toMatchObject({
      PULUMI_HOME: path.join(folder, OFFICIAL_HOME),
      DOCKER_HOST: `tcp://${address()}`,
    });
    expect(workspace.environment).not.toHaveProperty("DOCKER_CONTEXT");
  });

  test("tries a push to the registry that is named before anything is built", async () => {
    process.env.RALEX_REGISTRY = address();
    const machine = await prepareMachine(folder, { images: true, workingTree: true });
    expect(machine).toMatchObject({ registry: address(), engineBuilds: true });
    expect(asked.slice(-2)).toEqual(["POST /v2/ralex-api/blobs/uploads/", "DELETE /v2/ralex-api/blobs/uploads/1"]);
  });

  test("is told to install buildx before anything is built", async () => {
    fs.writeFileSync(path.join(folder, "docker"), "#!/bin/sh\necho 'unknown command: docker buildx' >&2\nexit 1\n");
    await expect(prepareMachine(folder, { workingTree: true })).rejects.toThrow(
      /unknown command: docker buildx\n.*docker-buildx-plugin/,
    );
  });

  test("starts a pinned release without a registry", async () => {
    const file = `config:\n  ralex:release: { id: r-1, images: { ralex-api: "registry.example/ralex-api:1" } }\n`;
    fs.writeFileSync(path.join(folder, "Pulumi.prod.yaml"), file);
    // A pin says all that runs: no lock is read.
    process.env.RALEX_IMAGES_LOCK = "nowhere.json";
    const program = new Command();
    registerStart(program, folder);
    // The next step looks for the pinned images, of which this one cannot be.
    await expect(program.parseAsync(["start", "-s", "prod"], { from: "user" })).rejects.toThrow("it has no digest");
  });

  test("says what to do where no engine answers, before anything is installed", async () => {
    process.env.DOCKER_HOST = `unix://${folder}/docker.sock`;
    await expect(prepareMachine(folder, { images: true })).rejects.toThrow(/is not there: install Docker, or start/);
    expect(fs.existsSync(path.join(folder, ".ralex"))).toBe(false);
  });
});
