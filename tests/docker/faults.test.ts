/** What happens to a running stack when something breaks, on a real engine. */
import { connectEngine } from "../../components/docker/engine/client";
import { exec } from "../../components/docker/provider/engine";
import { poll } from "../support/http";
import { PORTS, STACK, testStack } from "../support/stack";

const stack = testStack();
const docker = connectEngine();
const API = `http://127.0.0.1:${PORTS.api}`;

let apiKey: string;

beforeAll(async () => {
  await stack.ready();
  apiKey = await stack.output("apiKey");
}, 900_000);

const call = (path: string, body?: unknown, key = apiKey): Promise<Response> =>
  fetch(`${API}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const chat = (content: string): Promise<Response> =>
  call("/v1/chat/completions", { model: "echo", messages: [{ role: "user", content }] });

async function inspect(service: string) {
  const { State, RestartCount } = await docker.getContainer(stack.container(service)).inspect();
  return { pid: State.Pid, running: State.Running, restarts: RestartCount };
}

/** By its own check, where it has one: the engine asks that rarely. */
async function isHealthy(service: string): Promise<boolean> {
  const name = stack.container(service);
  const [, ...check] = (await docker.getContainer(name).inspect()).Config.Healthcheck?.Test ?? [];
  if (check.length === 0) return true;
  const said = await exec(name, check).catch(() => undefined);
  return said?.exitCode === 0;
}

/** When a container was started last, as the engine writes it: texts in the order of time. */
const started = async (service: string): Promise<string> =>
  (await docker.getContainer(stack.container(service)).inspect()).State.StartedAt;

/** Kills a container's first process from the host, as a crash would; `docker kill` would count as a wish. */
async function crash(service: string): Promise<void> {
  const before = await inspect(service);
  process.kill(before.pid, "SIGKILL");
  await poll(`${service} back by itself`, 60_000, async () => {
    const now = await inspect(service);
    const isBack = now.running && now.pid !== before.pid;
    return isBack && (await isHealthy(service)) ? true : undefined;
  });
}

/** What has to be written is tried again as the API asks for it: 503 says that nothing was. */
const written = (path: string, body: unknown): Promise<Response> =>
  poll(`POST ${path}`, 15_000, async () => {
    const response = await call(path, body);
    if (response.status === 503) return undefined;
    expect(response.status).toBe(201);
    return response;
  });

async function newSession(text: string): Promise<string> {
  const { id } = (await (await written("/v1/sessions", {})).json()) as { id: string };
  await written(`/v1/sessions/${id}/messages`, { role: "user", content: text });
  return id;
}

async function sessionText(id: string): Promise<string | undefined> {
  const response = await call(`/v1/sessions/${id}/messages`);
  return response.status === 200 ? response.text() : undefined;
}

const SERVICES = [
  ...["api-0", "api-1", "openwebui", "edge", "redis", "postgres"],
  ...["prometheus", "alertmanager", "victorialogs"],
  ...["node-exporter", "postgres-exporter", "redis-exporter", "nginx-exporter"],
];

describe("a container that dies", () => {
  test.each(SERVICES)(
    "%s is back by itself, and no acknowledged session is lost",
    async (service) => {
      const id = await newSession(`written before ${service} died`);
      await crash(service);
      const text = await poll("the session", 30_000, () => sessionText(id));
      expect(text).toContain(`written before ${service} died`);
      await poll("a chat through the edge", 30_000, async () =>
        (await chat("again")).status === 200 ? true : undefined,
      );
    },
    150_000,
  );
});

describe("a stack that is stopped and started", () => {
  test("has its data, its keys and its certificates", async () => {
    const id = await newSession("survives a stop");
    const ca = await stack.output("caCertificate");
    const running = () => docker.listContainers({ filters: { label: [`ralex.stack=${STACK}`] } });
    expect((await running()).length).toBeGreaterThanOrEqual(SERVICES.length);
    const stopped = await stack.ralex(["stop", "-s", STACK]);
    expect(stopped.exitCode).toBe(0);
    expect(await running()).toEqual([]);
    await stack.start();
    expect(await stack.output("apiKey")).toBe(apiKey);
    expect(await stack.output("caCertificate")).toBe(ca);
    expect(await sessionText(id)).toContain("survives a stop");
  }, 400_000);
});

describe("a changed setting", () => {
  test("reaches the running service without a build, and only the services that it concerns", async () => {
    const edge = await inspect("edge");
    stack.configure({ apiRateLimitPerMinute: 1 });
    const { stderr } = await stack.start();
    expect(stderr).toMatch(/Resources:\s[^]*(updated|replaced)/);
    expect(stderr).not.toMatch(/docker-build:index:Image.*(updat|replac|creat)/);
    await poll("the new limit", 30_000, async () => ((await chat("too many")).status === 429 ? true : undefined));
    expect((await inspect("edge")).pid).toBe(edge.pid);
    stack.configure({});
    await stack.start();
    expect((await chat("as before")).status).toBe(200);
  }, 300_000);
});

describe("a setting that cannot work", () => {
  test("is refused before anything is touched: a subnet that another network has", async () => {
    const names = async () =>
      (await docker.listContainers({ filters: { label: [`ralex.stack=${STACK}`] } })).map(({ Id }) => Id).sort();
    const before = await names();
    expect(before.length).toBeGreaterThanOrEqual(SERVICES.length);
    const other = await docker.createNetwork({
      Name: "of-a-test-of-ralex",
      IPAM: { Config: [{ Subnet: "10.227.0.0/16" }] },
    });
    try {
      stack.configure({ subnet: "10.227.9.0/24" });
      const { exitCode, stderr } = await stack.ralex(["start", "-s", STACK]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("ralex:subnet (10.227.9.0/24) overlaps the Docker network of-a-test-of-ralex");
      expect(await names()).toEqual(before);
    } finally {
      stack.configure({});
      await other.remove();
    }
  }, 120_000);
});

describe("a rotated secret", () => {
  test("reaches the service: the new key is taken and the old one refused", async () => {
    const old = apiKey;
    const { exitCode, stderr } = await stack.ralex(["rotate", "apiKey", "-s", STACK]);
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    apiKey = await stack.output("apiKey");
    expect(apiKey).not.toBe(old);
    expect((await call("/v1/models", undefined, old)).status).toBe(401);
    expect((await chat("with the new key")).status).toBe(200);
  }, 300_000);

  test("of Postgres reaches the database, and the API goes on", async () => {
    const id = await newSession("before the rotation");
    const [postgres, job] = [await inspect("postgres"), await started("databases")];
    expect((await stack.ralex(["rotate", "ralexDatabasePassword", "-s", STACK])).exitCode).toBe(0);
    expect(await poll("the session", 30_000, () => sessionText(id))).toContain("before the rotation");
    // The job ran again, before those who log in with the new password; Postgres went on.
    const ran = await started("databases");
    expect(ran > job).toBe(true);
    for (const service of ["migrations", "api-0", "api-1"]) expect((await started(service)) > ran).toBe(true);
    expect(await inspect("postgres")).toEqual(postgres);
  }, 300_000);
});
