import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type Docker from "dockerode";
import type { Machine } from "../../../cli/machine";
import { preflight } from "../../../cli/preflight";
import { Workspace } from "../../../cli/workspace";
import { loadSettings } from "../../../components/settings/load";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-preflight-"));
afterAll(() => fs.rmSync(checkout, { recursive: true }));
const OWN = "0a1b2c3d";
const RESOURCES = [
  {
    urn: "urn:pulumi:dev::ralex::ralex:docker:LocalStack$random:index/randomId:RandomId::ralex-identity",
    type: "random:index/randomId:RandomId",
    id: "x",
    outputs: { hex: OWN, keepers: { stack: "dev" } },
  },
  { urn: "urn:pulumi:dev::ralex::docker:index/container:Container::ralex-edge-0", type: "docker:x", id: "edge" },
];

interface Found {
  /** Ports that the stack's own edge publishes. */
  readonly ports?: readonly number[];
  /** Folder of the engine's data. */
  readonly folder?: string;
  /** Label of a volume of the same stack's name. */
  readonly volumeOf?: string;
}

/** A machine with a lock without images, the stack's state, and an engine with these things. */
function machine({ ports = [], folder = "/", volumeOf = OWN }: Found): Machine {
  const backend = path.join(checkout, ".ralex/state/.pulumi/stacks/ralex");
  fs.mkdirSync(backend, { recursive: true });
  fs.mkdirSync(path.join(checkout, "images"), { recursive: true });
  fs.writeFileSync(path.join(checkout, "images/images.lock.json"), "{}");
  fs.writeFileSync(
    path.join(backend, "dev.json"),
    JSON.stringify({ checkpoint: { latest: { resources: RESOURCES } } }),
  );
  const docker = {
    listContainers: () =>
      Promise.resolve([
        { Id: "edge", Labels: { "ralex.deployment": OWN }, Ports: ports.map((PublicPort) => ({ PublicPort })) },
      ]),
    listVolumes: () => Promise.resolve({ Volumes: [{ Name: "v", Labels: { "ralex.deployment": volumeOf } }] }),
    listNetworks: () => Promise.resolve([]),
    info: () => Promise.resolve({ DockerRootDir: folder }),
  } as unknown as Docker;
  return { workspace: new Workspace(checkout, { env: {}, standIns: [] }), docker, registry: "" };
}

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
    await expect(refused).rejects.toThrow("the stack dev of another checkout or backend is on this engine");
  });

  test("refuses a full disk, and says every problem at once", async () => {
    const port = await takenPort();
    // The kernel's own file system has no free block, ever.
    const refused = preflight(machine({ folder: "/proc" }), "dev", settings({ ...free, apiPort: port }));
    await expect(refused).rejects.toThrow(/port[\s\S]*0\.0 GiB free and \d are needed/);
  });
});
