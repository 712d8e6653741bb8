/**
 * Every substitute image does what the model asks of the official one: its command, user, read-only root, volumes,
 * files and health check, in one network, on the real engine. The API's image is no substitute; nginx finds its name.
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import forge from "node-forge";
import { connectEngine } from "../../components/docker/engine/client";
import type { Application, Service, Text } from "../../components/app/model";
import { ImageLock } from "../../components/image/lock";
import { inForm } from "../../components/secrets/forms";
import { loadSettings } from "../../components/settings/load";
import { ensureMachine } from "../../toolchain";
import { recipeNames } from "../../toolchain/substitutes/recipes";
import { onDocker } from "../support/on-docker";

const CHECKOUT = path.resolve(__dirname, "../..");
const RUN = `ralex-substitutes-${crypto.randomBytes(4).toString("hex")}`;
const LABELS = { "org.ralex.test": RUN };
const docker = connectEngine();

const application = onDocker(
  loadSettings({
    environment: {},
    dotenv: {},
    stack: {
      ...{ operatorListeners: true, apiReplicas: 1 },
      // The first two are where the engine takes a network's addresses from, one after the other.
      trustedProxies: "172.16.0.0/12, 192.168.0.0/16, fd00::/8, 192.0.2.7",
    },
  }),
);
const services = application.services.filter(({ image }) => !image.startsWith("ralex-api"));
let lock: ImageLock;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${RUN}-`));

/** A self-signed certificate: nginx does not start without one. */
function certificate(): { certificate: string; privateKey: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.serialNumber = "01";
  made.validity.notAfter = new Date(Date.now() + 86_400_000);
  made.setSubject([{ name: "commonName", value: "localhost" }]);
  made.setIssuer([{ name: "commonName", value: "localhost" }]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(made), privateKey: forge.pki.privateKeyToPem(keys.privateKey) };
}

const tls = certificate();
const secrets = new Map(
  Object.entries(application.secrets).map(([name, source]) => {
    if (source.from !== "tls") return [name, crypto.randomBytes(20).toString("hex")];
    return [name, source.part === "privateKey" ? tls.privateKey : tls.certificate];
  }),
);

function resolve(value: Text): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map(resolve).join("");
  if (value.ref === "secret") {
    return inForm(secrets.get(value.secret) ?? "", value.form);
  }
  if (value.ref === "host" || value.ref === "pool") return value.service;
  const port = portOf(application, value.service, value.port);
  return value.ref === "address" ? `${value.service}:${port}` : `${value.before}${value.service}:${port}${value.after}`;
}

function portOf(of: Application, service: string, port: string): number {
  const number = of.services.find(({ name }) => name === service)?.ports[port]?.number;
  if (number === undefined) throw new Error(`no port ${port} of ${service}`);
  return number;
}

/** The service's files on the host, owned by its user, as bind mounts. */
function bindFiles(service: Service): string[] {
  return service.files.map((file, index) => {
    const source = path.join(folder, `${service.name}-${index}`);
    fs.writeFileSync(source, resolve(file.content), { mode: file.secret ? 0o400 : 0o444 });
    fs.chownSync(source, service.user.uid, service.user.gid);
    return `${source}:${file.path}:ro`;
  });
}

async function start(service: Service): Promise<void> {
  const image = lock.ref(service.image).toString();
  await pull(image);
  const { health } = service;
  const container = await docker.createContainer({
    name: `${RUN}-${service.name}`,
    Image: image,
    Labels: LABELS,
    User: `${service.user.uid}:${service.user.gid}`,
    ...(service.entrypoint === undefined ? {} : { Entrypoint: [...service.entrypoint] }),
    ...(service.command === undefined ? {} : { Cmd: service.command.map(resolve) }),
    Env: Object.entries(service.environment).map(([name, value]) => `${name}=${resolve(value)}`),
    ...(health === undefined
      ? {}
      : {
          Healthcheck: {
            Test: ["CMD", ...health.command],
            Interval: health.intervalSeconds * 1e9,
            Timeout: health.timeoutSeconds * 1e9,
            Retries: health.retries,
            StartPeriod: health.startPeriodSeconds * 1e9,
          },
        }),
    HostConfig: {
      Binds: [...bindFiles(service), ...service.volumes.map((mount) => `${RUN}-${mount.volume}:${mount.path}`)],
      Tmpfs: Object.fromEntries(
        service.scratch.map((mount) => [mount.path, `rw,nosuid,nodev,noexec,size=${mount.sizeMiB}m,mode=1777`]),
      ),
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: service.resources.memoryMiB * 1024 * 1024,
      PidsLimit: service.resources.pids,
      NetworkMode: RUN,
      Init: true,
    },
    NetworkingConfig: {
      EndpointsConfig: { [RUN]: { Aliases: [service.name, ...(service.name === "redis" ? ["api"] : [])] } },
    },
  });
  await container.start();
}

async function pull(image: string): Promise<void> {
  const stream = await docker.pull(image);
  await new Promise<void>((done, failed) =>
    docker.modem.followProgress(stream, (error: Error | null) => (error === null ? done() : failed(error))),
  );
}

const until = async (what: string, seconds: number, holds: () => Promise<string>): Promise<void> => {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const obstacle = await holds();
    if (obstacle === "") return;
    if (Date.now() > deadline) throw new Error(`${what}: ${obstacle}`);
    await new Promise((again) => setTimeout(again, 300));
  }
};

const logsOf = async (name: string): Promise<string> =>
  (await docker.getContainer(`${RUN}-${name}`).logs({ stdout: true, stderr: true, tail: 40 })).toString("utf8");

/** Waits as a target does: a job is over, a service healthy where there is a health check, running where there is none. */
const up = (service: Service): Promise<void> =>
  until(service.name, 150, async () => {
    const { State } = await docker.getContainer(`${RUN}-${service.name}`).inspect();
    if (service.kind === "job" && State.Status !== "running" && State.ExitCode === 0) return "";
    if (service.kind === "job" && State.Running) return "still runs";
    if (!State.Running) throw new Error(`${service.name} ended: ${await logsOf(service.name)}`);
    const state = State.Health?.Status ?? "healthy";
    return state === "healthy" ? "" : `${state}: ${await logsOf(service.name)}`;
  });

async function get(service: string, port: string, file: string): Promise<string> {
  const { NetworkSettings } = await docker.getContainer(`${RUN}-${service}`).inspect();
  const address = NetworkSettings.Networks[RUN]?.IPAddress ?? "";
  const answer = await fetch(`http://${address}:${portOf(application, service, port)}${file}`);
  return answer.text();
}

beforeAll(async () => {
  const { lock: file } = await ensureMachine(CHECKOUT, { docker: true, images: "engine" });
  lock = ImageLock.read(file);
  await docker.createNetwork({ Name: RUN, Labels: LABELS });
}, 900_000);

afterAll(async () => {
  const filters = { label: [`org.ralex.test=${RUN}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  for (const { name } of application.volumes)
    await docker
      .getVolume(`${RUN}-${name}`)
      .remove()
      .catch(() => undefined);
  await docker.getNetwork(RUN).remove();
  fs.rmSync(folder, { recursive: true, force: true });
}, 120_000);

async function exec(service: string, ...command: readonly string[]): Promise<string> {
  const run = await docker.getContainer(`${RUN}-${service}`).exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await run.start({});
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const psql = (statement: string, database = "postgres"): Promise<string> =>
  exec("postgres", "psql", "-XAtq", "-h", "/var/run/postgresql", "-U", "postgres", "-d", database, "-c", statement);

test("there is a substitute for every third-party image of the model, and for the base of our own", () => {
  const used = [...new Set(services.map(({ image }) => image)), "python"].sort();
  expect(lock.names.toSorted()).toEqual(used);
  expect(recipeNames("engine").toSorted()).toEqual(used);
});

test("every service gets healthy with the model's command, user and read-only root", async () => {
  const started = new Set<string>();
  // The model's order, and whatever is not made here (the API) left out.
  while (started.size < services.length) {
    const ready = services.filter(
      (service) =>
        !started.has(service.name) &&
        service.dependsOn.every((one) => started.has(one.service) || !services.some((s) => s.name === one.service)),
    );
    await Promise.all(ready.map(start));
    await Promise.all(ready.map(up));
    ready.forEach(({ name }) => started.add(name));
  }
}, 300_000);

test("what keeps data writes it as the lock says, so that a rollback knows what reads it", async () => {
  expect(await psql("SELECT version_num FROM alembic_version", "openwebui")).toContain(
    `${lock.entry("openwebui").dataVersion}`,
  );
  expect(await psql("SHOW server_version")).toMatch(new RegExp(`\\b${lock.entry("postgres").dataVersion}\\.\\d`));
  const base = (await exec("redis", "sh", "-c", "head -c 9 /data/appendonlydir/*.base.rdb")).trim();
  expect(base).toContain(`REDIS${(lock.entry("redis").dataVersion ?? "").replace("rdb-", "").padStart(4, "0")}`);
}, 60_000);

test.each([
  ["postgres-exporter", "pg_up 1"],
  ["redis-exporter", "redis_up 1"],
  ["nginx-exporter", "nginx_up 1"],
  ["node-exporter", "node_memory_MemAvailable_bytes "],
])(
  "%s reports what it watches",
  async (name, metric) => {
    await until(name, 30, async () => {
      const text = await get(name, "http", "/metrics");
      return `\n${text}`.includes(`\n${metric}`)
        ? ""
        : `no "${metric}" in\n${text.slice(0, 1500)}\n${await logsOf(name)}`;
    });
  },
  60_000,
);

test("the edge believes what a trusted proxy says of the client, and passes on that alone", async () => {
  const { NetworkSettings } = await docker.getContainer(`${RUN}-edge`).inspect();
  const address = NetworkSettings.Networks[RUN]?.IPAddress ?? "";
  const url = `http://${address}:${portOf(application, "edge", "api")}/v1/models`;
  const headers = { "x-forwarded-for": "203.0.113.9, 198.51.100.7", "x-forwarded-proto": "https" };
  // In place of the API; it shows what it is sent by one connection, and answers nothing.
  const listen = async (): Promise<void> => void (sent = await exec("redis", "busybox", "nc", "-l", "-p", "8000"));
  let sent = "";
  let listening = Promise.resolve();
  await until("a request", 20, async () => {
    listening = listening.then(() => (sent === "" ? listen() : undefined));
    await fetch(url, { headers, signal: AbortSignal.timeout(500) }).catch(() => undefined);
    // A connection that was given up before anything was sent is none.
    return sent === "" ? "nothing was sent on" : "";
  });
  expect(sent).toMatch(/^X-Forwarded-For: 198\.51\.100\.7\r$/m);
  expect(sent).toMatch(/^X-Forwarded-Proto: https\r$/m);
}, 30_000);

test("Prometheus reaches every target that is made here", async () => {
  await until("targets", 60, async () => {
    const answer = JSON.parse(await get("prometheus", "http", "/api/v1/targets")) as {
      data: { activeTargets: { labels: { job: string }; health: string; lastError: string }[] };
    };
    const down = answer.data.activeTargets.filter(({ labels, health }) => health !== "up" && labels.job !== "api");
    return down.map(({ labels, lastError }) => `${labels.job}: ${lastError}`).join("; ");
  });
}, 90_000);

test("the log store finds a line that came by syslog", async () => {
  const { NetworkSettings } = await docker.getContainer(`${RUN}-victorialogs`).inspect();
  const word = crypto.randomBytes(8).toString("hex");
  const dgram = await import("node:dgram");
  const socket = dgram.createSocket("udp4");
  const line = `<14>1 ${new Date().toISOString()} host api 1 - - ${word}`;
  await new Promise((sent) =>
    socket.send(line, 5514, NetworkSettings.Networks[RUN]?.IPAddress, () => socket.close(() => sent(undefined))),
  );
  await until("search", 30, async () =>
    (await get("victorialogs", "http", `/select/logsql/query?query=${word}`)).includes(word) ? "" : "nothing found",
  );
}, 60_000);

test("Postgres has checksums", async () => {
  expect(await psql("SHOW data_checksums")).toMatch(/\bon\b/);
});

test("Postgres keeps its data when the container is made again on the same volume", async () => {
  const postgres = services.find(({ name }) => name === "postgres");
  if (postgres === undefined) throw new Error("no postgres in the model");
  await psql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')");
  const container = docker.getContainer(`${RUN}-postgres`);
  await container.stop({ t: postgres.stopGraceSeconds });
  await container.remove({ v: true });
  await start(postgres);
  await up(postgres);
  expect(await psql("SELECT word FROM kept")).toContain("still here");
}, 120_000);
