import { describeRalex } from "../../../components/app/ralex";
import { LocalStack } from "../../../components/docker/local-stack";
import { ImageRef } from "../../../components/image/image-ref";
import { loadSettings } from "../../../components/settings/load";
import { ofType, PASSED, record, type Recorded } from "../../support/recorder";

const CONTAINER = "docker:index/container:Container";
const COMMAND = "command:local:Command";

const recorded = new Map<string, ReturnType<typeof record>>();

/** The stack with these settings, recorded once however many tests look at it. */
function stack(configuration: Record<string, unknown> = {}): ReturnType<typeof record> {
  const key = JSON.stringify(configuration);
  const known = recorded.get(key) ?? recordStack(configuration);
  recorded.set(key, known);
  return known;
}

function recordStack(
  configuration: Record<string, unknown>,
  use: (made: LocalStack) => unknown = () => undefined,
): ReturnType<typeof record> {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: configuration });
  const application = describeRalex(settings);
  const probe = application.probe === undefined ? [] : [application.probe];
  const images = Object.fromEntries(
    [...application.services, ...probe].map(({ image }) => [
      image,
      ImageRef.of(`127.0.0.1:5055/${image}`, `sha256:${"0123456789abcdef".repeat(4)}`),
    ]),
  );
  return record(() =>
    use(
      new LocalStack(
        "ralex",
        {
          application,
          settings,
          secretSettings: { openrouterApiKey: "canary-key" },
          release: settings.release ?? { id: "r-1", images: {} },
          images,
          substitutes: [],
          checkout: "/checkout",
        },
        { protect: true },
      ),
    ),
  );
}

const container = (resources: readonly Recorded[], name: string): Recorded["inputs"] => {
  const found = ofType(resources, CONTAINER).find(({ inputs }) => inputs.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found.inputs;
};

/** The inputs as text, secrets in clear: only for looking for what must not be there. */
const shown = (value: unknown): string => JSON.stringify(value);

describe("the local stack", () => {
  test("declares one container a replica, one volume a store, two networks and nothing beside them", async () => {
    const { resources } = await stack({ apiReplicas: 3 });
    const counts: Record<string, number> = {};
    for (const { type, custom } of resources) if (custom) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      [CONTAINER]: 16,
      // Files of 14 services, limits of 14 replicas, two runs of jobs, each of which sets its limit first.
      [COMMAND]: 30,
      "docker:index/network:Network": 2,
      "docker:index/remoteImage:RemoteImage": 12,
      "docker:index/volume:Volume": 6,
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
    expect(ofType(resources, "docker:index/volume:Volume")).toHaveLength(6);
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

  test("limits the processes of every container, jobs among them, and of a job before it is started", async () => {
    const { resources } = await stack(PINNED);
    const limited = ofType(resources, COMMAND).flatMap(({ inputs }) => {
      const found = /docker update --pids-limit [1-9]\d* (\S+)/.exec(String(inputs.create));
      return found === null ? [] : [found[1]];
    });
    const made = ofType(resources, CONTAINER).map(({ inputs }) => inputs.name);
    expect(limited.sort()).toEqual(made.sort());
    expect(made).toEqual(expect.arrayContaining(["ralex-dev-databases", "ralex-dev-migrations", "ralex-dev-probe"]));
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
    for (const { inputs } of ofType(resources, COMMAND)) {
      expect(shown({ ...inputs, stdin: undefined })).not.toMatch(canary);
    }
    const files = ofType(resources, COMMAND).map(({ inputs }) => shown(inputs.stdin));
    expect(files.some((text) => text.includes("canary-key"))).toBe(true);
  });

  test("gives secret files mode 0400 and the container's own user, and plain ones 0444", async () => {
    const { resources } = await stack();
    const redis = ofType(resources, COMMAND).find(({ name }) => name === "ralex-redis-files-written");
    const files = JSON.parse(secretText(redis?.inputs.stdin)) as { name: string; mode: number; uid: number }[];
    expect(files).toEqual([expect.objectContaining({ name: "0-users.acl", mode: 0o400, uid: 999, gid: 999 })]);
    const edge = ofType(resources, COMMAND).find(({ name }) => name === "ralex-edge-files-written");
    const modes = (JSON.parse(secretText(edge?.inputs.stdin)) as typeof files).map(({ name, mode }) => [name, mode]);
    expect(modes).toEqual([
      ["0-nginx.conf", 0o444],
      ["1-tls.crt", 0o444],
      ["2-tls.key", 0o400],
    ]);
  });

  test("gives every replica a fixed address, which the edge and Prometheus know", async () => {
    const { resources } = await stack({ apiReplicas: 2 });
    const address = (name: string) =>
      (container(resources, name).networksAdvanced as { ipv4Address?: string }[])[0]?.ipv4Address;
    const replicas = [address("ralex-dev-api-0"), address("ralex-dev-api-1")];
    expect(new Set(replicas).size).toBe(2);
    for (const service of ["edge", "prometheus"]) {
      const files = ofType(resources, COMMAND).find(({ name }) => name === `ralex-${service}-files-written`);
      for (const replica of replicas) expect(secretText(files?.inputs.stdin)).toContain(`${replica}:8000`);
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

  test("sends every log to the store except the store's own", async () => {
    const { resources } = await stack();
    for (const { inputs } of ofType(resources, CONTAINER)) {
      expect(inputs.logDriver).toBe(inputs.name === "ralex-dev-victorialogs" ? "json-file" : "syslog");
    }
  });

  test.each(["databases", "migrations"])(
    "runs %s as a step of its own that fails the update when it fails",
    async (job) => {
      const { resources } = await stack();
      expect(container(resources, `ralex-dev-${job}`)).toMatchObject({ start: false, mustRun: false, restart: "no" });
      expect(commandNamed(resources, `ralex-${job}-0-run`).create).toMatch(
        new RegExp(
          `^docker update --pids-limit \\d+ ralex-dev-${job} > /dev/null && docker start --attach ralex-dev-${job}$`,
        ),
      );
    },
  );
});

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const PINNED = {
  apiReplicas: 2,
  release: {
    id: "r-1",
    images: { "ralex-api": `127.0.0.1:5055/ralex-api@${DIGEST}`, probe: `127.0.0.1:5055/probe@${DIGEST}` },
  },
};
const commandNamed = (resources: readonly Recorded[], name: string): Recorded["inputs"] => {
  const found = ofType(resources, COMMAND).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found.inputs;
};

describe("the local stack with a pinned release", () => {
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
      // The probe's files, its limit, and the checks.
      [COMMAND]: 3,
      "docker:index/remoteImage:RemoteImage": 1,
      "ralex:docker:Service": 1,
      "ralex:docker:ServiceFiles": 1,
      "ralex:docker:Verification": 1,
    });
  });

  test("verifies every running container by digest, in no job's place, and again only for another container", async () => {
    const { resources } = await stack(PINNED);
    const inputs = commandNamed(resources, "ralex-verification-checks");
    expect(inputs.create).toMatch(/^node '.*\/components\/docker\/verify\.mjs'$/);
    expect(inputs.update).toBeUndefined();
    expect(inputs.logging).toBe("stderr");
    const { probe, containers } = JSON.parse(secretText(inputs.stdin)) as {
      probe: string;
      containers: Record<string, string>;
    };
    expect(probe).toBe("ralex-dev-probe");
    const running = ofType(resources, CONTAINER).filter(({ inputs: of }) => of.start !== false);
    expect(Object.keys(containers).sort()).toEqual(running.map(({ inputs: of }) => of.name).sort());
    expect(Object.keys(containers)).toHaveLength(13);
    for (const ref of Object.values(containers)) expect(() => ImageRef.parse(ref)).not.toThrow();
    expect(containers["ralex-dev-api-1"]).toBe(PINNED.release.images["ralex-api"]);
    const ids = (inputs.triggers as string[][][]).flat(2);
    expect(ids.sort()).toEqual([...running.map(({ name }) => `${name}-id`), "ralex-probe-0-id"].sort());
  });

  test("makes the probe's container and leaves it to the verification to run it", async () => {
    const { resources } = await stack(PINNED);
    expect(container(resources, "ralex-dev-probe")).toMatchObject({ start: false, mustRun: false, restart: "no" });
    const touching = ofType(resources, COMMAND).filter(({ inputs }) =>
      String(inputs.create).includes("ralex-dev-probe"),
    );
    expect(touching.map(({ name }) => name)).toEqual(["ralex-probe-0-pids"]);
    expect(touching[0]?.inputs.create).toMatch(/^docker update --pids-limit \d+ ralex-dev-probe > \/dev\/null$/);
  });

  test("says what the checks wrote; without a pin, that nothing was checked", async () => {
    const outputs = async (configuration: Record<string, unknown>) => {
      let made: LocalStack | undefined;
      await recordStack(configuration, (one) => (made = one));
      return new Promise((resolve) => made?.verification.apply(resolve));
    };
    expect(await outputs(PINNED)).toEqual(PASSED);
    expect(await outputs({})).toEqual({ passed: false, at: null, checks: [] });
    expect(await outputs({ ...PINNED, running: false })).toEqual({ passed: false, at: null, checks: [] });
  });
});

describe("a replica's place in the edge's rotation", () => {
  test("is drained before the replica goes, and given back when it is ready, one replica after the other", async () => {
    const { resources } = await stack({ apiReplicas: 3 });
    for (const slot of [0, 1, 2]) {
      const inputs = commandNamed(resources, `ralex-api-${slot}-rotation`);
      expect(inputs.create).toMatch(
        /^docker update --pids-limit \d+ ralex-dev-api-\d > \/dev\/null && node '.*rotate-replica\.mjs' admit /,
      );
      expect(inputs.create).toContain(`"replica":"ralex-dev-api-${slot}"`);
      expect(inputs.delete).toMatch(/^node '.*rotate-replica\.mjs' drain /);
      for (const command of [inputs.create, inputs.delete])
        expect(command).toContain(`"drainFile":"/tmp/drained-${slot}"`);
      expect((inputs.triggers as unknown[])[0]).toBe(`ralex-api-${slot}-id`);
    }
    expect(ofType(resources, COMMAND).filter(({ name }) => name.endsWith("-rotation"))).toHaveLength(3);
  });

  test("is not drained where no other replica stands in for it", async () => {
    const { resources } = await stack({ apiReplicas: 1 });
    const inputs = commandNamed(resources, "ralex-api-0-rotation");
    expect(inputs.delete).toBeUndefined();
    expect(inputs.create).toContain(" admit ");
  });
});

/** Mocks see a secret as an object with its value. */
function secretText(value: unknown): string {
  if (typeof value === "string") return value;
  return String((value as { value: unknown }).value);
}
