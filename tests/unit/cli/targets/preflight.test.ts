import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import { preflight as check } from "../../../../cli/targets/docker/preflight";
import type { MachineAddress } from "../../../../cli/targets/docker/subnet";
import { Workspace } from "../../../../cli/workspace";
import { loadSettings } from "../../../../components/settings/load";
import { PORT_SETTINGS } from "../../../../components/settings/docker";
import type { Settings } from "../../../../components/settings/schema";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-preflight-"));
afterAll(() => fs.rmSync(checkout, { recursive: true }));
const OWN = "0a1b2c3d";
const RESOURCES = [
  {
    urn: "urn:pulumi:dev::ralex::ralex:docker:Stack$random:index/randomId:RandomId::ralex-identity",
    type: "random:index/randomId:RandomId",
    id: "x",
    outputs: { hex: OWN, keepers: { stack: "dev" } },
  },
  { urn: "urn:pulumi:dev::ralex::docker:index/container:Container::ralex-edge-0", type: "docker:x", id: "edge" },
];

type Asked = Parameters<typeof check>[0];

interface Found {
  /** Ports that the stack's own edge publishes. */
  readonly ports?: readonly number[];
  /** Folder of the engine's data. */
  readonly folder?: string;
  /** Label of a volume of the same stack's name. */
  readonly volumeOf?: string;
  readonly containers?: readonly Record<string, unknown>[];
  readonly networks?: readonly Record<string, unknown>[];
}

/** A machine with a lock without images, the stack's state, and an engine with these things. */
function machine({ ports = [], folder = "/", volumeOf = OWN, containers = [], networks = [] }: Found): Asked {
  const backend = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(backend, { recursive: true });
  fs.mkdirSync(path.join(checkout, "images"), { recursive: true });
  fs.writeFileSync(path.join(checkout, "images/images.lock.json"), "{}");
  fs.writeFileSync(
    path.join(backend, "dev.json"),
    JSON.stringify({ checkpoint: { latest: { resources: RESOURCES } } }),
  );
  const docker = {
    listContainers: (options?: unknown) =>
      Promise.resolve([
        { Id: "edge", Labels: { "ralex.deployment": OWN }, Ports: ports.map((PublicPort) => ({ PublicPort })) },
        ...(options === undefined ? containers : []),
      ]),
    listVolumes: () => Promise.resolve({ Volumes: [{ Name: "v", Labels: { "ralex.deployment": volumeOf } }] }),
    listNetworks: (options?: unknown) => Promise.resolve(options === undefined ? networks : []),
    info: () => Promise.resolve({ DockerRootDir: folder }),
  } as unknown as Docker;
  return { workspace: new Workspace(checkout, { env: {}, standIns: [] }), docker };
}

const preflight = (machine: Asked, stack: string, of: Settings, addresses: readonly MachineAddress[] = []) =>
  check(machine, stack, of, addresses);

const settings = (stack: Record<string, unknown>) => loadSettings({ environment: {}, dotenv: {}, stack });

const servers: net.Server[] = [];

async function takenPort(): Promise<number> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe("the check before a start", () => {
  const free = { webPort: 40001, apiPort: 40002, tlsPort: 40003 };

  test("refuses a taken port, and takes one that the stack itself publishes", async () => {
    const port = await takenPort();
    const taken = settings({ ...free, apiPort: port });
    await expect(preflight(machine({}), "dev", taken)).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    await expect(preflight(machine({ ports: [port] }), "dev", taken)).resolves.toBeUndefined();
  });

  test("looks at the operator's ports only where they are opened", async () => {
    const port = await takenPort();
    await preflight(machine({}), "dev", settings({ ...free, logsPort: port }));
    const opened = settings({ ...free, logsPort: port, operatorListeners: true });
    await expect(preflight(machine({}), "dev", opened)).rejects.toThrow("ralex:logsPort");
  });

  test("refuses what another deployment of the stack's name has on the engine, be it a volume alone", async () => {
    await preflight(machine({}), "dev", settings(free));
    const refused = preflight(machine({ volumeOf: "another" }), "dev", settings(free));
    await expect(refused).rejects.toThrow("a stack dev of another checkout or backend is on this engine");
  });

  test("says by which stack or container a port is taken, and gives the command that frees it", async () => {
    const port = await takenPort();
    const refusal = (Labels: Record<string, string>) =>
      preflight(
        machine({ containers: [{ Id: "theirs", Names: ["/a-db"], Labels, Ports: [{ PublicPort: port }] }] }),
        "dev",
        settings({ ...free, apiPort: port }),
      );
    const taken = `port ${port} of 127.0.0.1 is taken by `;
    await expect(refusal({ "ralex.stack": "staging" })).rejects.toThrow(
      `${taken}the stack staging: stop it in its checkout (./ralex stop -s staging), or set`,
    );
    await expect(refusal({})).rejects.toThrow(`${taken}the container a-db: stop it (docker stop a-db), or set`);
  });

  test("refuses a subnet that another network has, and takes one that its own has", async () => {
    const start = (Id: string, Labels: Record<string, string>) =>
      preflight(
        machine({ networks: [{ Id, Name: "a-net", Labels, IPAM: { Config: [{ Subnet: "10.213.0.0/16" }] } }] }),
        "dev",
        settings(free),
      );
    const refusal = "ralex:subnet (10.213.0.0/24) overlaps the Docker network a-net (10.213.0.0/16)";
    await expect(start("theirs", {})).rejects.toThrow(refusal);
    await expect(start("theirs", { "ralex.deployment": "another" })).rejects.toThrow(refusal);
    await expect(start("left", { "ralex.deployment": OWN })).resolves.toBeUndefined();
    await expect(start("edge", {})).resolves.toBeUndefined();
  });

  test("refuses a subnet in which this machine has an address", async () => {
    const addresses = [{ name: "eth9", address: "10.213.0.9" }];
    await expect(preflight(machine({}), "dev", settings(free), addresses)).rejects.toThrow(
      "ralex:subnet (10.213.0.0/24) holds an address of this machine, 10.213.0.9 (eth9)",
    );
  });

  test("says to a second checkout how to run a stack beside the first one's", async () => {
    const networks = [{ Id: "n", Name: "theirs", IPAM: { Config: [{ Subnet: "10.214.0.0/16" }] } }];
    const refused = preflight(machine({ volumeOf: "another", networks }), "dev", settings(free));
    const message = String(await refused.catch((error: unknown) => (error as Error).message));
    expect(message).toContain("./ralex reset -s dev");
    const steps = /or run one beside it[^]*/.exec(message)?.[0] ?? "";
    expect(steps).toContain(`    cd ${checkout}\n    cp Pulumi.dev.yaml Pulumi.dev-2.yaml\n`);
    expect(steps).toContain("    ./ralex start -s dev-2");
    const written = Object.fromEntries(
      [...steps.matchAll(/ralex:(\w+): (\S+)/g)].map(([, key, value]) => [key, value]),
    );
    const second = loadSettings({ environment: {}, dotenv: {}, stack: written });
    expect(second.subnet).toMatch(/^10\.\d+\.0\.0\/24$/);
    expect(second.subnet).not.toBe("10.214.0.0/24");
    const ports = [settings(free), second].flatMap((one) => PORT_SETTINGS.map((key) => one[key]));
    expect(new Set(ports).size).toBe(ports.length);
  });

  test("refuses a full disk, and says every problem at once", async () => {
    const port = await takenPort();
    // The kernel's own file system has no free block, ever.
    const refused = preflight(machine({ folder: "/proc" }), "dev", settings({ ...free, apiPort: port }));
    await expect(refused).rejects.toThrow(/port[\s\S]*0\.0 GiB free and \d are needed/);
  });
});
