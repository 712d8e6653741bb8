import * as net from "node:net";
import type Docker from "dockerode";
import { prepareMachine } from "../../../cli/machine";
import { preflight } from "../../../cli/preflight";
import { loadSettings } from "../../../components/settings/load";

/** An engine whose containers publish the given ports and whose data is in the given folder. */
const engine = (ports: readonly number[], folder = "/", checkout = "/here"): Docker =>
  ({
    listContainers: () =>
      Promise.resolve([{ Labels: { "ralex.checkout": checkout }, Ports: ports.map((PublicPort) => ({ PublicPort })) }]),
    listVolumes: () => Promise.resolve({ Volumes: [] }),
    info: () => Promise.resolve({ DockerRootDir: folder }),
  }) as unknown as Docker;

const settings = (stack: Record<string, unknown>) => loadSettings({ environment: {}, dotenv: {}, stack });

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
