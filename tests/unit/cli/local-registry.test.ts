import * as http from "node:http";
import * as net from "node:net";
import type Docker from "dockerode";
import type { Engine } from "../../../cli/targets/docker/engine";
import {
  ensureRegistryContainer,
  REGISTRY_CONTAINER,
  REGISTRY_LABEL,
} from "../../../cli/targets/docker/builder/local-registry";

const IMAGE = `registry@sha256:${"a".repeat(64)}`;

interface Made {
  readonly port: number;
  state: string;
  readonly options: Docker.ContainerCreateOptions;
}

/** An engine with at most one container, which serves a registry while it runs. */
class FakeEngine {
  made: Made | undefined;
  /** Ports that something on the engine's side has taken. */
  readonly taken = new Set<number>();
  private readonly servers: net.Server[] = [];

  get engine(): Engine {
    const container = { start: () => this.start(), remove: () => Promise.resolve((this.made = undefined)) };
    const docker = {
      listContainers: () =>
        Promise.resolve(
          this.made === undefined
            ? []
            : [
                {
                  Id: "1",
                  Names: [`/${REGISTRY_CONTAINER}`],
                  State: this.made.state,
                  Labels: this.made.options.Labels,
                },
              ],
        ),
      getImage: () => ({ inspect: () => Promise.resolve({}) }),
      getContainer: () => container,
      createContainer: (options: Docker.ContainerCreateOptions) => {
        this.made = { port: Number(options.Labels?.[REGISTRY_LABEL]), state: "created", options };
        return Promise.resolve(container);
      },
    };
    return {
      docker: docker as unknown as Docker,
      address: { host: "unix:///var/run/docker.sock", from: "its socket" },
      variables: {},
    };
  }

  private async start(): Promise<void> {
    const { made } = this;
    if (made === undefined) throw new Error("nothing was made");
    if (this.taken.has(made.port)) throw new Error("driver failed: port is already allocated");
    await this.listen(
      made.port,
      http.createServer((_, response) => response.end("{}")),
    );
    made.state = "running";
  }

  async listen(port: number, server: net.Server = net.createServer()): Promise<void> {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    this.servers.push(server);
  }

  close(): void {
    for (const server of this.servers.splice(0)) server.close();
  }
}

/** The first port from 5055 that is free on the machine of the test, where a real registry may run. */
async function firstFree(after = 5054): Promise<number> {
  for (let port = after + 1; ; port += 1) {
    const server = net.createServer();
    const isFree = await new Promise<boolean>((resolve) =>
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)),
    );
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

describe("the registry of a machine where no other is named", () => {
  let fake: FakeEngine;
  beforeEach(() => {
    fake = new FakeEngine();
    jest.spyOn(console, "error").mockReturnValue(undefined);
  });
  afterEach(() => {
    fake.close();
    jest.restoreAllMocks();
  });

  test("is a container by digest on loopback, which the engine starts again, with its data in a volume", async () => {
    const port = await firstFree();
    await expect(ensureRegistryContainer(fake.engine, IMAGE)).resolves.toBe(`127.0.0.1:${port}`);
    expect(fake.made?.options).toMatchObject({
      name: "ralex-registry",
      Image: IMAGE,
      Labels: { "ralex.registry": String(port) },
      HostConfig: {
        PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
        RestartPolicy: { Name: "unless-stopped" },
        Mounts: [{ Type: "volume", Source: "ralex-registry", Target: "/var/lib/registry" }],
      },
    });
  });

  test("takes the next port where one is taken, here or on the engine's side, and keeps it", async () => {
    const first = await firstFree();
    await fake.listen(first);
    const second = await firstFree(first);
    fake.taken.add(second);
    const third = await firstFree(second);
    await expect(ensureRegistryContainer(fake.engine, IMAGE)).resolves.toBe(`127.0.0.1:${third}`);
    const { made } = fake;
    await expect(ensureRegistryContainer(fake.engine, IMAGE)).resolves.toBe(`127.0.0.1:${third}`);
    expect(fake.made).toBe(made);
  });

  test("is not started on another port than before, which references to images hold", async () => {
    await ensureRegistryContainer(fake.engine, IMAGE);
    const port = fake.made?.port ?? 0;
    fake.close();
    if (fake.made !== undefined) fake.made.state = "exited";
    fake.taken.add(port);
    await expect(ensureRegistryContainer(fake.engine, IMAGE)).rejects.toThrow(
      new RegExp(`free its port ${port}, or let it take another: docker rm -f ralex-registry`),
    );
  });

  test("is refused on an engine of another machine, whose loopback is not this one's", async () => {
    const far = { ...fake.engine, address: { host: "tcp://far:2376", from: "DOCKER_HOST" } };
    await expect(ensureRegistryContainer(far, IMAGE)).rejects.toThrow(/on another machine.*set RALEX_REGISTRY/);
    expect(fake.made).toBeUndefined();
  });
});
