import type { DockerStack } from "../../../components/docker/stack";
import { ImageRef } from "../../../components/image/image-ref";
import { ofType, PASSED, record, type Recorded } from "../../support/recorder";
import { dockerStack } from "../../support/on-docker";

const CONTAINER = "docker:index/container:Container";
const FILES = "ralex:docker:Files";

const STORES = {
  ...{ postgresUrl: "postgresql://a@db.example/?sslmode=require", postgresPassword: "set" },
  ...{ redisUrl: "rediss://cache.example", redisPassword: "set" },
};

const recorded = new Map<string, ReturnType<typeof record>>();

/** The stack with these settings, recorded once however many tests look at it. */
function stack(configuration: Record<string, unknown> = {}): ReturnType<typeof record> {
  const key = JSON.stringify(configuration);
  const known = recorded.get(key) ?? recordStack(configuration);
  recorded.set(key, known);
  return known;
}

const unprotected = () => recordStack({}, undefined, false);

const recordStack = (
  configuration: Record<string, unknown>,
  use: (made: DockerStack) => unknown = () => undefined,
  protect = true,
): ReturnType<typeof record> => record(() => use(dockerStack(configuration, { protect })));

const container = (resources: readonly Recorded[], name: string): Recorded["inputs"] => {
  const found = ofType(resources, CONTAINER).find(({ inputs }) => inputs.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found.inputs;
};

/** The inputs as text, secrets in clear: only for looking for what must not be there. */
const shown = (value: unknown): string => JSON.stringify(value);

describe("the stack on a Docker Engine", () => {
  test("declares one container a replica, one volume a store, two networks and nothing beside them", async () => {
    const { resources } = await stack({ apiReplicas: 3 });
    const counts: Record<string, number> = {};
    for (const { type, custom } of resources) if (custom) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      [CONTAINER]: 16,
      // Of 14 services three have none.
      [FILES]: 11,
      "ralex:docker:Admission": 3,
      "ralex:docker:JobRun": 2,
      // Of Open WebUI, since the edge waits for it, and of everything at the end.
      "ralex:docker:Readiness": 2,
      "ralex:docker:VolumeOwners": 1,
      "random:index/randomId:RandomId": 1,
      "docker:index/network:Network": 2,
      "docker:index/remoteImage:RemoteImage": 12,
      "docker:index/volume:Volume": 7,
      "random:index/randomPassword:RandomPassword": 9,
      "tls:index/privateKey:PrivateKey": 2,
      "tls:index/selfSignedCert:SelfSignedCert": 1,
      "tls:index/certRequest:CertRequest": 1,
      "tls:index/locallySignedCert:LocallySignedCert": 1,
    });
  });

  test("keeps secrets, certificates, networks and volumes when it is stopped, and no container", async () => {
    const { resources } = await stack({ running: false });
    expect(ofType(resources, CONTAINER)).toEqual([]);
    expect(ofType(resources, "docker:index/volume:Volume")).toHaveLength(7);
    expect(ofType(resources, "random:index/randomPassword:RandomPassword")).toHaveLength(9);
    expect(ofType(resources, "docker:index/network:Network")).toHaveLength(2);
  });

  test("confines every container: no root, no capability, no new privilege, a read-only root, limits", async () => {
    const { resources } = await stack();
    for (const { inputs } of ofType(resources, CONTAINER)) {
      expect(inputs).toMatchObject({
        readOnly: true,
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges"],
      });
      expect(inputs.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(inputs.memory).toBeGreaterThan(0);
      expect(inputs.memorySwap).toBe(inputs.memory);
      expect(Number(inputs.cpus)).toBeGreaterThan(0);
      expect(inputs.privileged).toBeUndefined();
    }
  });

  test("limits the processes of every service's container, and gives a job's limit to whoever runs it", async () => {
    const { resources } = await stack(PINNED);
    const limits = ofType(resources, "ralex:docker:Readiness").find(({ name }) => name === "ralex-readiness");
    const limited = limits?.inputs.containers as readonly { name: string; id: string; pids: number }[];
    const runs = ofType(resources, "ralex:docker:JobRun").map(({ inputs }) => inputs);
    const [checks] = ofType(resources, "ralex:docker:Checks");
    const all = [
      ...limited,
      ...runs.map(({ container: name, pids }) => ({ name, pids })),
      checks?.inputs.probe as Limited,
    ];
    const made = ofType(resources, CONTAINER).map(({ inputs }) => inputs.name);
    expect(all.map(({ name }) => name).sort()).toEqual(made.sort());
    expect(made).toEqual(expect.arrayContaining(["ralex-dev-databases", "ralex-dev-migrations", "ralex-dev-probe"]));
    for (const { pids } of all) expect(pids).toBeGreaterThan(0);
    for (const { name, id } of limited)
      expect(id).toMatch(new RegExp(`^${name.replace("ralex-dev", "ralex").replace(/-\d$/, "")}-\\d-id$`));
  });

  test("publishes the edge's listeners on the loopback address and nothing else", async () => {
    const { resources } = await stack({ operatorListeners: true });
    for (const { inputs } of ofType(resources, CONTAINER)) {
      const expected = inputs.name === "ralex-dev-edge" ? [3000, 8000, 8443, 9090, 9428] : [];
      const ports = (inputs.ports ?? []) as { external: number; ip: string }[];
      expect(ports.map(({ external }) => external)).toEqual(expected);
      expect(ports.every(({ ip }) => ip === "127.0.0.1")).toBe(true);
    }
  });

  test("lets no secret into a container's inputs, a command line or a trigger", async () => {
    const { resources } = await stack({ openrouterApiKey: "set" });
    const canary = /value-of-|canary-key|key-of-/;
    for (const { inputs } of ofType(resources, CONTAINER)) expect(shown(inputs)).not.toMatch(canary);
    const files = ofType(resources, FILES);
    for (const { inputs } of files) expect(shown({ ...inputs, files: undefined })).not.toMatch(canary);
    expect(files.some(({ inputs }) => shown(inputs.files).includes("canary-key"))).toBe(true);
  });

  test("marks the contents of all files as secret, so that none is in clear in the state", async () => {
    const { resources } = await stack();
    for (const { inputs } of ofType(resources, FILES)) expect(isSecret(inputs.files)).toBe(true);
  });

  test("protects what holds data or was given to people, and pins what would replace a volume", async () => {
    const { registrations } = await unprotected();
    const isKept = ({ type, name }: { type: string; name: string }) =>
      /:(Volume|RandomPassword|RandomId|SelfSignedCert)$/.test(type) || name === "ralex-tls-ca-key";
    const custom = registrations.filter(
      ({ type }) => !/^ralex:|^pulumi:/.test(type) || type.startsWith("ralex:docker:F"),
    );
    expect(custom.filter(({ protect }) => protect).map(({ name }) => name)).toEqual(
      custom.filter(isKept).map(({ name }) => name),
    );
    const volumes = custom.filter(({ type }) => type.endsWith(":Volume"));
    expect(volumes).toHaveLength(7);
    for (const { ignoreChanges } of volumes) expect(ignoreChanges).toEqual(["name", "labels", "driver", "driverOpts"]);
  });

  test("gives secret files mode 0400 and the container's own user, and plain ones 0444", async () => {
    const { resources } = await stack();
    const of = (name: string) => filesOf(resources, name).map(({ path, mode }) => [path, mode.toString(8)] as const);
    const redis = ofType(resources, FILES).find(({ name }) => name === "ralex-redis-files");
    expect([redis?.inputs.user, of("redis")]).toEqual([{ uid: 999, gid: 999 }, [["secrets/users.acl", "400"]]]);
    expect(of("edge")).toEqual([
      ["nginx.conf", "444"],
      ["tls.crt", "444"],
      ["secrets/tls.key", "400"],
    ]);
  });

  test("gives every replica a fixed address, which the edge and Prometheus know", async () => {
    const { resources } = await stack({ apiReplicas: 2 });
    const address = (name: string) =>
      (container(resources, name).networksAdvanced as { ipv4Address?: string }[])[0]?.ipv4Address;
    const replicas = [address("ralex-dev-api-0"), address("ralex-dev-api-1")];
    expect(new Set(replicas).size).toBe(2);
    for (const service of ["edge", "prometheus"]) {
      const written = JSON.stringify(filesOf(resources, service));
      for (const replica of replicas) expect(written).toContain(`${replica}:8000`);
    }
  });

  test("joins only what calls out or is published to the network that leads out", async () => {
    const { resources } = await stack();
    const outside = ofType(resources, CONTAINER)
      .filter(({ inputs }) => (inputs.networksAdvanced as unknown[]).length > 1)
      .map(({ inputs }) => inputs.name)
      .sort();
    expect(outside).toEqual(["ralex-dev-api-0", "ralex-dev-api-1", "ralex-dev-edge"]);
  });

  test("keeps volumes and generated secrets of stores that others took the place of, and lets their users out", async () => {
    const { resources } = await stack(STORES);
    const names = (type: string) => ofType(resources, type).map(({ name }) => name);
    expect(names("docker:index/volume:Volume")).toEqual(
      expect.arrayContaining(["ralex-volume-postgres", "ralex-volume-redis"]),
    );
    expect(names("random:index/randomPassword:RandomPassword")).toEqual(
      expect.arrayContaining(["ralex-secrets-superuserPassword", "ralex-secrets-redisPassword"]),
    );
    expect(names(CONTAINER)).not.toEqual(expect.arrayContaining(["ralex-postgres-0"]));
    expect(names(CONTAINER)).not.toEqual(expect.arrayContaining(["ralex-redis-0"]));
    const users = ["databases", "migrations", "openwebui", "postgres-exporter", "redis-exporter"];
    for (const name of users) {
      expect(container(resources, `ralex-dev-${name}`).networksAdvanced).toHaveLength(2);
      expect(container(resources, `ralex-dev-${name}`).hosts).toEqual([
        { host: "host.docker.internal", ip: "host-gateway" },
      ]);
    }
    for (const { inputs } of ofType(resources, CONTAINER)) expect(shown(inputs)).not.toContain("canary-");
    const content = (name: string, file: string) =>
      filesOf(resources, name).find(({ path }) => path === `secrets/${file}`)?.content;
    expect(content("databases", "administrator")).toBe("canary-p:1");
    expect(content("api", "redis_url")).toBe("rediss://:canary-r%3A2@cache.example:6379/0");
    expect(content("redis-exporter", "passwords.json")).toBe('{"rediss://cache.example:6379":"canary-r:2"}\n');
  });

  test("sends every log to the store except the store's own", async () => {
    const { resources } = await stack();
    for (const { inputs } of ofType(resources, CONTAINER)) {
      expect(inputs.logDriver).toBe(inputs.name === "ralex-dev-victorialogs" ? "json-file" : "syslog");
    }
  });

  test.each([
    ["databases", 32, "ralex-postgres-0-id"],
    ["migrations", 64, "ralex-databases-0-run-id"],
  ])("runs %s as a step of its own that fails the update when it fails", async (job, pids, need) => {
    const { resources } = await stack();
    expect(container(resources, `ralex-dev-${job}`)).toMatchObject({ start: false, mustRun: false, restart: "no" });
    const run = ofType(resources, "ralex:docker:JobRun").find(({ name }) => name === `ralex-${job}-0-run`);
    const after = expect.arrayContaining([need]) as unknown;
    expect(run?.inputs).toEqual({ container: `ralex-dev-${job}`, containerId: `ralex-${job}-0-id`, pids, after });
  });

  test("keeps names and labels of the stack that it was made as, with no path in them", async () => {
    const { resources } = await stack();
    for (const { type, inputs } of resources) {
      if (!type.startsWith("docker:") || type.endsWith("RemoteImage")) continue;
      expect(inputs.name).toMatch(/^ralex-dev-/);
      const labels = inputs.labels as readonly { label: string; value: string }[];
      expect(labels).toEqual(
        expect.arrayContaining([
          { label: "ralex.deployment", value: "hex-of-ralex-identity" },
          { label: "ralex.stack", value: "dev" },
        ]),
      );
    }
    expect(shown(resources)).not.toContain("/checkout");
    const reloading = await stack({ hotReload: true });
    const mounting = reloading.resources.filter(({ inputs }) => shown(inputs).includes("/checkout"));
    expect(mounting.map(({ name }) => name)).toEqual(["ralex-api-0", "ralex-api-1"]);
  });
});

interface Limited {
  readonly name: string;
  readonly pids: number;
}

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const PINNED = {
  apiReplicas: 2,
  release: {
    id: "r-1",
    images: { "ralex-api": `127.0.0.1:5055/ralex-api@${DIGEST}`, probe: `127.0.0.1:5055/probe@${DIGEST}` },
  },
};
describe("the stack on a Docker Engine with a pinned release", () => {
  test("has the probe's files, image and container and the verification beside the others, and nothing else", async () => {
    const counts = async (configuration: Record<string, unknown>) => {
      const made: Record<string, number> = {};
      for (const { type } of (await stack(configuration)).resources) made[type] = (made[type] ?? 0) + 1;
      return made;
    };
    const [pinned, without] = [await counts(PINNED), await counts({ apiReplicas: 2 })];
    const more = Object.fromEntries(
      Object.entries(pinned)
        .map(([type, count]) => [type, count - (without[type] ?? 0)] as const)
        .filter(([, count]) => count !== 0),
    );
    expect(more).toEqual({
      [CONTAINER]: 1,
      [FILES]: 1,
      "ralex:docker:Checks": 1,
      "docker:index/remoteImage:RemoteImage": 1,
      "ralex:docker:Service": 1,
    });
  });

  test("verifies every running container by digest, in no job's place, and again only for another container", async () => {
    const { resources } = await stack(PINNED);
    const [checks] = ofType(resources, "ralex:docker:Checks");
    expect(checks?.name).toBe("ralex-checks");
    const { probe, containers } = checks?.inputs as {
      probe: { name: string; id: string };
      containers: { name: string; id: string; image: string }[];
    };
    expect([probe.name, probe.id]).toEqual(["ralex-dev-probe", "ralex-probe-0-id"]);
    const running = ofType(resources, CONTAINER).filter(({ inputs: of }) => of.start !== false);
    expect(containers.map(({ name }) => name).sort()).toEqual(running.map(({ inputs: of }) => of.name).sort());
    expect(containers.map(({ id }) => id).sort()).toEqual(running.map(({ name }) => `${name}-id`).sort());
    expect(containers).toHaveLength(13);
    for (const { image } of containers) expect(() => ImageRef.parse(image)).not.toThrow();
    const replica = containers.find(({ name }) => name === "ralex-dev-api-1");
    expect(replica?.image).toBe(PINNED.release.images["ralex-api"]);
  });

  test("makes the probe's container and leaves it to the verification to run it", async () => {
    const { resources } = await stack(PINNED);
    expect(container(resources, "ralex-dev-probe")).toMatchObject({ start: false, mustRun: false, restart: "no" });
    const runs = ofType(resources, "ralex:docker:JobRun").map(({ inputs }) => inputs.container);
    expect(runs.sort()).toEqual(["ralex-dev-databases", "ralex-dev-migrations"]);
  });

  test("says what the checks wrote; without a pin, that nothing was checked", async () => {
    const outputs = async (configuration: Record<string, unknown>) => {
      let made: DockerStack | undefined;
      await recordStack(configuration, (one) => (made = one));
      return new Promise((resolve) => made?.verification.apply(resolve));
    };
    expect(await outputs(PINNED)).toEqual(PASSED);
    expect(await outputs({})).toEqual({ passed: false, at: null, checks: [] });
    expect(await outputs({ ...PINNED, running: false })).toEqual({ passed: false, at: null, checks: [] });
  });
});

describe("a replica's place in the edge's rotation", () => {
  test("is one's own, and known by the container that it is for", async () => {
    const { resources } = await stack({ apiReplicas: 3 });
    const admissions = ofType(resources, "ralex:docker:Admission");
    expect(admissions).toHaveLength(3);
    admissions.forEach(({ name, inputs }, slot) => {
      expect(name).toBe(`ralex-api-${slot}-admission`);
      expect(inputs).toMatchObject({
        container: `ralex-dev-api-${slot}`,
        containerId: `ralex-api-${slot}-id`,
        edge: "ralex-dev-edge",
        drainFile: `/tmp/drained-${slot}`,
        drains: true,
      });
      expect((inputs.readiness as string[]).length).toBeGreaterThan(0);
    });
  });

  test("is not drained where no other replica stands in for it; the replica is called as it is among others", async () => {
    const { resources } = await stack({ apiReplicas: 1 });
    const [only, ...others] = ofType(resources, "ralex:docker:Admission");
    expect([only?.inputs.container, only?.inputs.drains, others]).toEqual(["ralex-dev-api-0", false, []]);
  });
});

interface Written {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

/** Mocks see a secret as an object with its value. */
const isSecret = (value: unknown): value is { value: unknown } =>
  typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value;

function filesOf(resources: readonly Recorded[], service: string): readonly Written[] {
  const found = ofType(resources, FILES).find(({ name }) => name === `ralex-${service}-files`)?.inputs.files;
  if (!isSecret(found)) throw new Error(`the files of ${service} are none, or not secret`);
  return found.value as readonly Written[];
}
