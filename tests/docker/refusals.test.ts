/** Starts that cannot work: each says why and what to do, and leaves nothing behind. */
import * as net from "node:net";
import { connectEngine } from "../../components/docker/engine/client";
import { copyCheckout, PORTS, removeCopy, type TestStack } from "../support/stack";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const docker = connectEngine();
let stack: TestStack;

beforeAll(async () => {
  stack = await copyCheckout(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-refused-")), "refused");
  stack.configure({ ...ownPorts, subnet: "10.221.0.0/24" });
}, 60_000);

afterAll(() => removeCopy(stack), 120_000);

const ownPorts = { webPort: 23000, apiPort: 28000, tlsPort: 28443, prometheusPort: 29090, logsPort: 29428 };

/** Everything of this stack on the engine, by name: a label that was called otherwise would find nothing, ever. */
async function made(): Promise<number> {
  const filters = { name: [`ralex-${stack.name}-`] };
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters: JSON.stringify(filters) as never }),
  ]);
  return containers.length + networks.length + (Volumes ?? []).length;
}

test("what a start makes is found by its name", async () => {
  const name = `ralex-${stack.name}-of-a-test`;
  await docker.createVolume({ Name: name });
  try {
    expect(await made()).toBe(1);
  } finally {
    await docker.getVolume(name).remove();
  }
});

describe("a start that cannot work", () => {
  afterEach(async () => {
    expect(await made()).toBe(0);
  });

  test("for a taken port names the port and the setting", async () => {
    const server = net.createServer().listen(ownPorts.apiPort, "127.0.0.1");
    try {
      const { exitCode, stderr } = await stack.ralex(["start", "-s", stack.name]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`port ${ownPorts.apiPort} of 127.0.0.1 is taken`);
      expect(stderr).toContain("ralex:apiPort");
    } finally {
      server.close();
    }
  }, 120_000);

  test("for wrong settings lists every problem at once", async () => {
    stack.configure({ ...ownPorts, subnet: "10.221.0.0/24", apiReplicas: 0, apiLogLevel: "loud", apiRepilcas: 2 });
    const { exitCode, stderr } = await stack.ralex(["start", "-s", stack.name], { RALEX_WEB_PORT: "http" });
    stack.configure({ ...ownPorts, subnet: "10.221.0.0/24" });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("4 problem(s)");
    for (const key of ["apiReplicas", "apiLogLevel", "apiRepilcas", "webPort"]) expect(stderr).toContain(key);
  }, 60_000);

  test("for an engine that does not answer says how to get one", async () => {
    const { exitCode, stderr } = await stack.ralex(["start", "-s", stack.name], { DOCKER_HOST: "tcp://127.0.0.1:1" });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Docker Engine/);
    expect(stderr).toMatch(/DOCKER_HOST|install|start/);
  }, 120_000);

  test("for a stack that nobody described lists those that are", async () => {
    const { exitCode, stderr } = await stack.ralex(["start", "-s", "tset"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no Pulumi.tset.yaml: choose from dev, prod, refused, staging");
  }, 60_000);
});

test("the ports of this file are not those of the shared stack", () => {
  expect(Object.values(ownPorts).filter((port) => (Object.values(PORTS) as number[]).includes(port))).toEqual([]);
});
