/** A Docker Engine that keeps what it is told and runs nothing: enough to see what a client reads back of it. */
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import type { ContainerCreateOptions } from "dockerode";

type Json = Readonly<Record<string, unknown>>;

interface FakeContainer {
  readonly name: string;
  readonly body: ContainerCreateOptions;
  running: boolean;
  readonly networks: Record<string, Json>;
}

const id = (number: number): string => String(number).padStart(64, "0");

/** What an image says where a container says nothing. */
const IMAGE = { Cmd: ["serve"], Entrypoint: ["/entry"], User: "daemon", WorkingDir: "/srv", StopSignal: "SIGQUIT" };

/** How a network is seen from a container that does not run. */
const ENDPOINT = {
  ...{ Gateway: "", IPAddress: "", IPPrefixLen: 0, IPv6Gateway: "", GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0 },
  MacAddress: "",
};

export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  /** Methods and paths, in order. */
  readonly asked: string[] = [];
  private readonly things = new Map<string, Json>();
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-engine-"));
  private readonly server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const text = Buffer.concat(parts).toString("utf8");
      const url = new URL(request.url ?? "/", "http://engine");
      this.asked.push(`${request.method} ${url.pathname}`);
      const body = text === "" ? {} : (JSON.parse(text) as Json);
      const [status, answer] = this.answer(`${request.method} ${url.pathname}`, url.searchParams, body);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(answer === undefined ? "" : JSON.stringify(answer));
    });
  });

  /** As in DOCKER_HOST. */
  get address(): string {
    return `unix://${this.folder}/engine.sock`;
  }

  start = (): Promise<void> => new Promise((resolve) => this.server.listen(`${this.folder}/engine.sock`, resolve));

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    fs.rmSync(this.folder, { recursive: true });
  }

  private answer(what: string, query: URLSearchParams, body: Json): readonly [number, unknown?] {
    const found = /^(\w+) \/(containers|networks|volumes)\/([^/]+)(?:\/(\w+))?$/.exec(what);
    const [, method = "", kind = "", name = "", action = ""] = found ?? [];
    if (kind === "containers") return this.container(method, name, action, query, body as ContainerCreateOptions);
    if (name === "create") {
      const volume = { Mountpoint: "/volume", Options: body.DriverOpts };
      const made = { Id: body.Name, Scope: "local", Ingress: false, ...volume, ...body };
      this.things.set(`${kind} ${String(body.Name)}`, made);
      return [201, made];
    }
    const container = this.containers.get(String(body.Container));
    if (action === "disconnect" && container !== undefined) {
      delete container.networks[name];
      return [200, {}];
    }
    if (action === "connect" && container !== undefined) {
      container.networks[name] = body.EndpointConfig as Json;
      return [200, {}];
    }
    const thing = this.things.get(`${kind} ${name}`);
    return thing === undefined ? [404, { message: `no such thing: ${what}` }] : [200, thing];
  }

  private container(
    method: string,
    name: string,
    action: string,
    query: URLSearchParams,
    body: ContainerCreateOptions,
  ): readonly [number, unknown?] {
    if (name === "create") {
      const made = id(this.containers.size + 1);
      const networks = { [body.HostConfig?.NetworkMode ?? ""]: {} };
      this.containers.set(made, { name: query.get("name") ?? "", body, running: false, networks });
      return [201, { Id: made, Warnings: [] }];
    }
    const container = this.containers.get(name);
    if (container === undefined) return [404, { message: `No such container: ${name}` }];
    if (method === "GET") return [200, inspection(name, container)];
    if (action === "start" || action === "stop") container.running = action === "start";
    if (action === "update") Object.assign(container.body.HostConfig ?? {}, body);
    return action === "update" ? [200, {}] : [204];
  }
}

/** The engine's answer to "inspect": what it was told, and its own where it was told nothing. */
function inspection(made: string, { name, body, running, networks }: FakeContainer): Json {
  const { HostConfig: host = {}, ...config } = body;
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ""));
  const memory = host.Memory ?? 0;
  return {
    Id: made,
    Name: `/${name}`,
    Image: body.Image,
    Platform: "linux",
    State: { Status: running ? "running" : "exited", Running: running, ExitCode: running ? 0 : 137, Health: undefined },
    Config: { ...IMAGE, Hostname: made.slice(0, 12), Domainname: "", Tty: false, OpenStdin: false, ...given },
    HostConfig: {
      ...{ IpcMode: "private", Runtime: "runc", ShmSize: 64 * 2 ** 20, LogConfig: { Type: "json-file", Config: {} } },
      ...host,
      MemorySwap: host.MemorySwap ?? memory * 2,
    },
    NetworkSettings: {
      Bridge: "",
      Ports: running ? host.PortBindings : {},
      Networks: Object.fromEntries(
        Object.entries(networks).map(([network, endpoint]) => [network, { ...ENDPOINT, ...endpoint }]),
      ),
    },
  };
}
