/** The stand-in for the docker plugin reads back what the official one does, and compares with that. */
import fc from "fast-check";
import { healthcheck } from "../../../components/docker/container";
import { decimalCpus, goDuration } from "../../../components/docker/provider-forms";
import { useHost } from "../../../toolchain/pulumi/plugins/docker/engine";
import { decimalText, durationText, nanoCpus, nanoseconds } from "../../../toolchain/pulumi/plugins/docker/go-forms";
import { plugin } from "../../../toolchain/pulumi/plugins/docker/plugin";
import { repoDigest } from "../../../toolchain/pulumi/plugins/docker/remote-image";
import { close, UNKNOWN, type Values } from "../../../toolchain/pulumi/plugins/support/wire";
import { FakeEngine } from "../../support/fake-engine";
import { StandIn } from "../../support/stand-in";

const kind = (name: string) => new StandIn(plugin, `docker:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`);
const container = kind("Container");
const engine = new FakeEngine();

beforeAll(async () => {
  await engine.start();
  useHost(engine.address);
});
afterAll(() => engine.stop());

const NOTHING = { differences: [], replaces: [] };
const ID = `sha256:${"a".repeat(64)}`;

/** Everything that the program writes, in the forms that the provider reads. */
const WRITTEN: Values = {
  name: "c",
  hostname: "api-0",
  image: ID,
  entrypoints: ["/launch"],
  command: ["serve", "--port", "8000"],
  envs: ["B=2", "A=1"],
  user: "1000:1000",
  readOnly: true,
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges"],
  cpus: "1.0",
  memory: 256,
  memorySwap: 256,
  init: true,
  tmpfs: { "/tmp": "rw,nosuid,size=1m,mode=0700,uid=1000,gid=1000" },
  logDriver: "syslog",
  logOpts: { "syslog-address": "udp://10.0.0.1:514", tag: "api" },
  mounts: [
    { type: "volume", source: "data", target: "/data", readOnly: false },
    { type: "bind", source: "/files", target: "/etc/app", readOnly: true },
  ],
  networksAdvanced: [{ name: "private", ipv4Address: "10.0.0.10", aliases: ["api"] }, { name: "egress" }],
  ports: [
    { internal: 8000, external: 8000, ip: "127.0.0.1", protocol: "tcp" },
    { internal: 9000, external: 8001, ip: "127.0.0.1", protocol: "tcp" },
  ],
  healthcheck: { tests: ["CMD", "true"], interval: "5s", timeout: "3s", retries: 3, startPeriod: "1m0s" },
  hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
  restart: "unless-stopped",
  wait: false,
  waitTimeout: 180,
  stopTimeout: 20,
  destroyGraceSeconds: 20,
  labels: [{ label: "ralex.stack", value: "dev" }],
};

/** What a second update sees, without a refresh and with one. */
async function seen(inputs: Values, changed: Values = inputs) {
  const kept = await container.create(inputs);
  const read = await container.read(kept);
  if (read === undefined) throw new Error("the container is gone");
  return { kept, read, plain: await container.diff(kept, changed), refreshed: await container.diff(read, changed) };
}

describe("a container", () => {
  test("that is written as it is read back has nothing to do, with a refresh and without one", async () => {
    const { kept, read, plain, refreshed } = await seen(WRITTEN);
    expect(plain).toEqual(NOTHING);
    expect(refreshed).toEqual(NOTHING);
    expect(read.inputs).toEqual(kept.inputs);
    expect(read.outputs).toEqual(kept.outputs);
  });

  test("that says no more than it must has nothing to do either: defaults, and what its image says", async () => {
    const { kept, plain, refreshed } = await seen({ name: "c", image: "app:1" });
    expect([plain, refreshed]).toEqual([NOTHING, NOTHING]);
    expect(kept.outputs).toMatchObject({
      ...{ command: ["serve"], user: "daemon", workingDir: "/srv", networkMode: "bridge", init: false, shmSize: 64 },
      ...{ mustRun: true, restart: "no", runtime: "runc", stopSignal: "SIGQUIT", platform: "linux" },
    });
  });

  test.each<[string, Values, readonly string[]]>([
    ["cpus without a point", { cpus: "1" }, ["cpus: UPDATE_REPLACE"]],
    ["cpus with a zero too many", { cpus: "0.50" }, ["cpus: UPDATE_REPLACE"]],
    ["cpus that are rounded", { cpus: "0.05" }, ["cpus: UPDATE_REPLACE"]],
    ["seconds above a minute", { healthcheck: { startPeriod: "60s" } }, ["healthcheck.startPeriod: UPDATE"]],
    ["half a second in seconds", { healthcheck: { interval: "0.5s" } }, ["healthcheck.interval: UPDATE"]],
    ["a limit without its swap", { memory: 256, memorySwap: null }, ["memorySwap: DELETE"]],
    ["an IPv6 address of a host", { hosts: [{ host: "a", ip: "::1" }] }, ["hosts[0].ip: ADD_REPLACE"]],
  ])("differs for ever where it is written otherwise: %s", async (_, inputs, differences) => {
    const { plain, refreshed } = await seen({ ...WRITTEN, ...inputs });
    expect(plain.differences).toEqual(differences);
    expect(refreshed.differences).toEqual(differences);
  });

  test("has a log that is secret where one of its inputs is, since it may repeat it", async () => {
    expect(await container.secrets(WRITTEN)).toEqual([]);
    const marked = await container.secrets(close(WRITTEN, [["envs", 0]]));
    expect(marked).toHaveLength(2);
    expect(marked).toEqual(expect.arrayContaining([["envs", 0], ["containerLogs"]]));
  });

  test("has nothing to do for another order of what has none, and of ports", async () => {
    const { plain, refreshed } = await seen(WRITTEN, {
      ...WRITTEN,
      envs: ["A=1", "B=2"],
      mounts: [...(WRITTEN.mounts as Values[])].reverse(),
      networksAdvanced: [...(WRITTEN.networksAdvanced as Values[])].reverse(),
      ports: [...(WRITTEN.ports as Values[])].reverse(),
    });
    expect([plain, refreshed]).toEqual([NOTHING, NOTHING]);
  });

  test.each<[string, Values, readonly string[]]>([
    ["command", { command: ["other"] }, ["command"]],
    ["label", { labels: [{ label: "ralex.stack", value: "prod" }] }, ["labels"]],
    ["number of mounts", { mounts: (WRITTEN.mounts as Values[]).slice(1) }, ["mounts"]],
    [
      "mount's source",
      { mounts: [{ type: "volume", source: "b", target: "/data" }, ...(WRITTEN.mounts as Values[]).slice(1)] },
      [],
    ],
    ["health check", { healthcheck: { ...(WRITTEN.healthcheck as Values), interval: "6s" } }, []],
    ["tmpfs", { tmpfs: {} }, []],
    ["memory", { memory: 512, memorySwap: 512 }, []],
  ])("is replaced for another %s where the official schema says so, and else updated", async (_, change, replaces) => {
    const { plain } = await seen(WRITTEN, { ...WRITTEN, ...change });
    expect(plain.differences).not.toEqual([]);
    expect(plain.replaces).toEqual(replaces);
  });

  test("is made on the default network and then joined to its own, so that this is what is read back", async () => {
    const { kept } = await seen(WRITTEN);
    const made = engine.containers.get(kept.id);
    expect(made?.body.HostConfig?.NetworkMode).toBe("bridge");
    expect(made?.networks).toEqual({
      private: { Aliases: ["api"], IPAMConfig: { IPv4Address: "10.0.0.10" } },
      egress: { Aliases: [], IPAMConfig: {} },
    });
    expect(kept.outputs.networkMode).toBe("bridge");
  });

  test("that was stopped by hand is seen by its mustRun, and its ports make a replacement of it", async () => {
    const withoutPorts = { ...WRITTEN, ports: [] };
    for (const [inputs, expected] of [
      [withoutPorts, { differences: ["mustRun: UPDATE"], replaces: [] }],
      [WRITTEN, { differences: expect.arrayContaining(["mustRun: UPDATE"]) as unknown, replaces: ["ports"] }],
    ] as const) {
      const kept = await container.create(inputs);
      const made = engine.containers.get(kept.id);
      if (made !== undefined) made.running = false;
      const read = await container.read(kept);
      expect(read?.outputs).toMatchObject({ mustRun: false, exitCode: 137 });
      expect(read && (await container.diff(read, inputs))).toEqual(expected);
    }
  });

  test("whose memory was changed by hand is read with the new amount", async () => {
    const kept = await container.create(WRITTEN);
    Object.assign(engine.containers.get(kept.id)?.body.HostConfig ?? {}, { Memory: 300 * 2 ** 20 });
    const read = await container.read(kept);
    expect(read?.inputs).toEqual({ ...kept.inputs, memory: 300 });
  });

  test("does not know in preview what its image and its engine decide", async () => {
    const preview = await container.preview({ name: "c", image: "app:1", command: ["a"] });
    expect(preview).toMatchObject({ hostname: UNKNOWN, runtime: UNKNOWN, command: ["a"], mustRun: true });
  });

  test.each<[Values, string]>([
    [{ cpus: "one" }, "cpus: must be a decimal number"],
    [{ cpus: "0.0000000001" }, "cpus: must be a decimal number"],
    [{ memory: 1.5 }, "memory: must be a whole number of at least 0"],
    [{ memorySwap: -2 }, "memorySwap: must be a whole number of at least -1"],
    [{ cpuSet: "a" }, "cpuSet: must be like 0-3"],
    [{ command: ["a", ""] }, "command: values for command may not be empty"],
    [{ restart: "sometimes" }, "restart: must be one of"],
    [{ mounts: [{ type: "nfs", target: "/x" }] }, "mounts[0].type: must be one of bind, volume, tmpfs"],
    [{ healthcheck: { interval: "10" } }, "healthcheck.interval: is not a duration"],
    [{ healthcheck: { retries: -1 } }, "healthcheck.retries: must be a whole number"],
  ])("with %j is refused, as by the official provider", async (inputs, message) => {
    await expect(container.check({ name: "c", image: "app:1", ...inputs })).rejects.toThrow(message);
  });

  test("with several faults is refused with all of them", async () => {
    const faults = container.check({ name: "c", image: "app:1", cpus: "x", memory: -1, restart: "x" });
    await expect(faults).rejects.toThrow(/memory: [^]*restart: [^]*cpus: /);
  });
});

describe("what the program writes is what is read back", () => {
  const cores = fc.integer({ min: 1, max: 51_200 }).map((hundredths) => hundredths / 100);
  const seconds = fc.oneof(
    fc.integer({ min: 0, max: 7 * 86_400 }),
    fc.integer({ min: 0, max: 100_000 }).map((milliseconds) => milliseconds / 1000),
  );

  test("of every number of CPUs that it refuses, nothing could be written that is", () => {
    fc.assert(
      fc.property(cores, (cpus) => {
        const nano = Math.round(cpus * 1e9);
        const isKept = nanoCpus(decimalText(nano)) === nano;
        if (isKept) expect(decimalCpus(cpus)).toBe(decimalText(nano));
        else expect(() => decimalCpus(cpus)).toThrow(RangeError);
      }),
    );
  });

  test("of every limit and every health check", async () => {
    const health = fc.record({
      command: fc.array(fc.stringMatching(/^[a-z/-]+$/), { minLength: 1, maxLength: 4 }),
      intervalSeconds: seconds,
      timeoutSeconds: seconds,
      retries: fc.nat(100),
      startPeriodSeconds: seconds,
    });
    const described = fc.record({
      health,
      cpus: cores.filter((cpus) => nanoCpus(decimalText(cpus * 1e9)) === cpus * 1e9),
      memory: fc.integer({ min: 6, max: 1e6 }),
      stopTimeout: fc.integer({ min: 1, max: 3600 }),
    });
    await fc.assert(
      fc.asyncProperty(described, async ({ health: check, cpus, memory, stopTimeout }) => {
        const limits = { cpus: decimalCpus(cpus), memory, memorySwap: memory, stopTimeout };
        const inputs = { name: "c", image: "app:1", healthcheck: healthcheck(check), ...limits };
        const { plain, refreshed } = await seen(inputs);
        expect([plain, refreshed]).toEqual([NOTHING, NOTHING]);
      }),
      // Each asks an engine five times.
      { numRuns: 30 },
    );
  }, 30_000);

  test("of every duration, which the provider takes for that time", () => {
    fc.assert(
      fc.property(seconds, (time) => {
        const nano = Math.round(time * 1e9);
        expect(goDuration(time)).toBe(durationText(nano));
        expect(nanoseconds(goDuration(time))).toBe(nano);
      }),
    );
  });
});

describe.each<[string, Values]>([
  [
    "Network",
    {
      name: "n",
      driver: "bridge",
      internal: true,
      ipamConfigs: [{ subnet: "10.0.0.0/24", gateway: "10.0.0.1" }],
      labels: [
        { label: "b", value: "2" },
        { label: "a", value: "1" },
      ],
    },
  ],
  [
    "Volume",
    {
      name: "v",
      labels: [
        { label: "b", value: "2" },
        { label: "a", value: "1" },
      ],
      driverOpts: { type: "tmpfs" },
    },
  ],
])("a %s", (name, inputs) => {
  const thing = kind(name);

  test("that is written as it is read back has nothing to do, with a refresh and without one", async () => {
    const kept = await thing.create(inputs);
    const read = await thing.read(kept);
    expect(read).toEqual(kept);
    expect(await thing.diff(kept, inputs)).toEqual(NOTHING);
    expect(await thing.diff(kept, { ...inputs, labels: [...(inputs.labels as Values[])].reverse() })).toEqual(NOTHING);
  });

  test("is replaced for another label", async () => {
    const planned = await thing.diff(await thing.create(inputs), { ...inputs, labels: [{ label: "a", value: "1" }] });
    expect(planned.replaces).toEqual(["labels"]);
  });
});

test("an image in several registries is known by the first digest that begins as its name does", () => {
  const digests = ["mirror.example/app@sha256:1", "app@sha256:2"];
  expect(repoDigest("app:1", digests)).toBe("app@sha256:2");
  expect(repoDigest("mirror.example/app:1", digests)).toBe("mirror.example/app@sha256:1");
  expect(repoDigest("other:1", digests)).toBe("mirror.example/app@sha256:1");
  expect(repoDigest("other:1", [])).toBe("");
});
