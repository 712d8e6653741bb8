import * as net from "node:net";
import type Docker from "dockerode";
import { prepareMachine } from "../../../cli/machine";
import { preflight as check } from "../../../cli/preflight";
import type { MachineAddress } from "../../../cli/preflight/subnet";
import { loadSettings } from "../../../components/settings/load";
import { PORT_SETTINGS } from "../../../components/settings/schema";

/** What an engine has beside the stack of this checkout. */
interface Others {
  readonly containers?: readonly Record<string, unknown>[];
  readonly networks?: readonly Record<string, unknown>[];
}

/** An engine whose containers publish the given ports and whose data is in the given folder. */
const engine = (ports: readonly number[], folder = "/", checkout = "/here", others: Others = {}): Docker => {
  const labels = { "ralex.checkout": checkout, "ralex.stack": "dev" };
  const own = { Labels: labels, Ports: ports.map((PublicPort) => ({ PublicPort })) };
  return {
    listContainers: (options?: unknown) =>
      Promise.resolve(options === undefined ? [own, ...(others.containers ?? [])] : [own]),
    listVolumes: () => Promise.resolve({ Volumes: [] }),
    listNetworks: () => Promise.resolve(others.networks ?? []),
    info: () => Promise.resolve({ DockerRootDir: folder }),
  } as unknown as Docker;
};

const settings = (stack: Record<string, unknown>) => loadSettings({ environment: {}, dotenv: {}, stack });

/** On a machine of its own, whatever is at this one's addresses. */
const preflight = (
  docker: Docker,
  checkout: string,
  stack: string,
  of: ReturnType<typeof settings>,
  pulled: boolean,
  addresses: readonly MachineAddress[] = [],
) => check(docker, checkout, stack, of, pulled, addresses);

const servers: net.Server[] = [];

async function takenPort(): Promise<number> {
  const server = net.createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

const asUser = (uid: number) => jest.spyOn(process, "getuid").mockReturnValue(uid);
beforeEach(() => void asUser(0));
afterEach(() => {
  jest.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

describe("the check before a start", () => {
  const free = { webPort: 40001, apiPort: 40002, tlsPort: 40003 };

  test("refuses a taken port, and takes one that the stack itself publishes", async () => {
    const port = await takenPort();
    const taken = settings({ ...free, apiPort: port });
    await expect(preflight(engine([]), "/here", "dev", taken, true)).rejects.toThrow(
      `port ${port} of 127.0.0.1 is taken`,
    );
    await expect(preflight(engine([port]), "/here", "dev", taken, true)).resolves.toBeUndefined();
  });

  test("says by which stack or container a port is taken, and gives the command that frees it", async () => {
    const port = await takenPort();
    const refusal = (Labels: Record<string, string>) =>
      preflight(
        engine([], "/", "/here", { containers: [{ Names: ["/a-db"], Labels, Ports: [{ PublicPort: port }] }] }),
        "/here",
        "dev",
        settings({ ...free, apiPort: port }),
        true,
      );
    const taken = `port ${port} of 127.0.0.1 is taken by `;
    const own = { "ralex.stack": "staging", "ralex.checkout": "/here" };
    await expect(refusal(own)).rejects.toThrow(`${taken}the stack staging: stop it (./ralex stop -s staging), or set`);
    await expect(refusal({ ...own, "ralex.checkout": "/a b/it's" })).rejects.toThrow(
      `${taken}the stack staging of another checkout (/a b/it's): stop it (cd "/a b/it's" && ./ralex stop -s staging)`,
    );
    await expect(refusal({})).rejects.toThrow(`${taken}the container a-db: stop it (docker stop a-db), or set`);
  });

  test("refuses a subnet that another network has, and takes one that its own has", async () => {
    const network = (Labels: Record<string, string>) => ({
      networks: [{ Name: "a-net", Labels, IPAM: { Config: [{ Subnet: "10.213.0.0/16" }] } }],
    });
    const start = (others: Others) => preflight(engine([], "/", "/here", others), "/here", "dev", settings(free), true);
    await expect(start(network({}))).rejects.toThrow(
      "ralex:subnet (10.213.0.0/24) overlaps the Docker network a-net (10.213.0.0/16)",
    );
    await expect(start(network({ "ralex.stack": "dev", "ralex.checkout": "/here" }))).resolves.toBeUndefined();
  });

  test("refuses a subnet in which this machine has an address", async () => {
    const addresses = [{ name: "eth9", address: "10.213.0.9" }];
    await expect(preflight(engine([]), "/here", "dev", settings(free), true, addresses)).rejects.toThrow(
      "ralex:subnet (10.213.0.0/24) holds an address of this machine, 10.213.0.9 (eth9)",
    );
  });

  test("says to a second checkout how to run a stack beside the first one's", async () => {
    const others = { networks: [{ Name: "theirs", IPAM: { Config: [{ Subnet: "10.214.0.0/16" }] } }] };
    const refused = preflight(engine([], "/", "/else where", others), "/here", "dev", settings(free), true);
    const message = await refused.catch((error: unknown) => (error as Error).message);
    expect(message).toContain("cd '/else where' && ./ralex reset -s dev");
    const steps = /or run one beside it[^]*/.exec(message as string)?.[0] ?? "";
    expect(steps).toContain("    cd /here\n    cp Pulumi.dev.yaml Pulumi.dev-2.yaml\n");
    expect(steps).toContain("    ./ralex start -s dev-2");
    const written = Object.fromEntries(
      [...steps.matchAll(/ralex:(\w+): (\S+)/g)].map(([, key, value]) => [key, value]),
    );
    const second = loadSettings({ environment: {}, dotenv: {}, stack: written });
    const first = settings(free);
    expect(second.subnet).toMatch(/^10\.\d+\.0\.0\/24$/);
    expect(second.subnet).not.toBe("10.214.0.0/24");
    const ports = [first, second].flatMap((one) => PORT_SETTINGS.map((key) => one[key]));
    expect(new Set(ports).size).toBe(ports.length);
  });

  test("looks at the operator's ports only where they are opened", async () => {
    const port = await takenPort();
    await preflight(engine([]), "/here", "dev", settings({ ...free, logsPort: port }), true);
    const opened = settings({ ...free, logsPort: port, operatorListeners: true });
    await expect(preflight(engine([]), "/here", "dev", opened, true)).rejects.toThrow("ralex:logsPort");
  });

  test("refuses a stack of that name that belongs to another checkout, and names the checkout", async () => {
    const refused = preflight(engine([], "/", "/elsewhere"), "/here", "dev", settings(free), true);
    await expect(refused).rejects.toThrow("the stack dev of another checkout (/elsewhere)");
  });

  test("refuses a full disk, and says every problem at once", async () => {
    const port = await takenPort();
    // The kernel's own file system has no free block, ever.
    const refused = preflight(engine([], "/proc"), "/here", "dev", settings({ ...free, apiPort: port }), false);
    await expect(refused).rejects.toThrow(/port[\s\S]*0\.0 GiB free and 6 are needed/);
  });

  test("refuses a user who may not give the containers their files, before anything is installed or built", async () => {
    asUser(1000);
    const reason = /root is needed, and this is user 1000: .* only root may give a file to another user/;
    await expect(preflight(engine([]), "/here", "dev", settings(free), true)).rejects.toThrow(reason);
    // A folder that does not exist: nothing was looked for, and nothing made.
    await expect(prepareMachine("/nowhere", { images: true, files: true })).rejects.toThrow(reason);
  });
});
