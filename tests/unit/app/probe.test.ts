/** What the probe is told: JSON once every address is known, for any settings. */
import fc from "fast-check";
import type { Application, Text } from "../../../components/app/model";
import { mentionsSecret } from "../../../components/app/text";
import { addressText, planAddresses, type AddressPlan } from "../../../components/docker/addresses";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const RELEASE = { id: "r-1", images: {} };
const described = (stack: Record<string, unknown>) =>
  onDocker(loadSettings({ environment: {}, dotenv: {}, stack: { release: RELEASE, ...stack } }));

/** The text with the local stack's addresses; of a secret only its name. */
function resolved(value: Text, application: Application, plan: AddressPlan): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map((part) => resolved(part, application, plan)).join("");
  return value.ref === "secret" ? `<${value.secret}>` : addressText(value, application, plan);
}

function configurationOf(application: Application): Record<string, unknown> {
  const { probe } = application;
  const file = probe?.files.find(({ path }) => path === "/etc/ralex/probe.json");
  if (file === undefined) throw new Error("the probe has no configuration");
  const text = resolved(file.content, application, planAddresses(application, "10.213.0.0/24"));
  return JSON.parse(text) as Record<string, unknown>;
}

describe("the probe's configuration", () => {
  test("names the edge's listeners, every replica, and every service that has to be scraped", () => {
    expect(configurationOf(described({ apiReplicas: 2, waitSeconds: 90 }))).toEqual({
      api: "http://edge:8000",
      tls: expect.stringMatching(/^https:\/\/edge:\d+$/) as string,
      web: expect.stringMatching(/^http:\/\/edge:\d+$/) as string,
      prometheus: "http://prometheus:9090",
      replicas: "10.213.0.100:8000 10.213.0.101:8000 ",
      tls_name: "localhost",
      jobs: expect.arrayContaining(["api", "prometheus", "redis-exporter"]) as string[],
      api_key_file: "/etc/ralex/secrets/api_key",
      ca_file: "/etc/ralex/ca.crt",
      seconds: 90,
    });
  });

  test("asks nothing of a monitoring that is not there", () => {
    const { jobs, ...rest } = configurationOf(described({ monitoring: "none" }));
    expect(Object.keys(rest)).not.toContain("prometheus");
    expect(jobs).toEqual([]);
  });

  test("is JSON, with an address a replica, whatever the settings", () => {
    const settings = fc.record({
      apiReplicas: fc.integer({ min: 1, max: 20 }),
      waitSeconds: fc.integer({ min: 1, max: 3600 }),
      operatorListeners: fc.boolean(),
    });
    fc.assert(
      fc.property(settings, (stack) => {
        const application = described(stack);
        const { replicas, jobs, seconds } = configurationOf(application);
        expect(String(replicas).trim().split(" ")).toHaveLength(stack.apiReplicas);
        expect(jobs).toEqual(
          application.services.filter(({ metrics }) => metrics !== undefined).map(({ name }) => name),
        );
        expect(seconds).toBe(stack.waitSeconds);
      }),
    );
  });

  test("holds no secret; the key comes as a file of its own", () => {
    const { probe } = described({});
    const secret = probe?.files
      .filter(({ content }) => mentionsSecret(content))
      .map(({ path, secret: is }) => [path, is]);
    expect(secret).toEqual([
      ["/etc/ralex/secrets/api_key", true],
      ["/etc/ralex/ca.crt", false],
    ]);
    expect(probe?.files.find(({ path }) => path === "/etc/ralex/probe.json")?.secret).toBe(false);
  });

  test("is there only where a release is pinned", () => {
    expect(described({}).probe).toBeDefined();
    expect(onDocker(loadSettings({ environment: {}, dotenv: {}, stack: {} })).probe).toBeUndefined();
  });
});

describe("the edge's upstreams for a replica that is drained", () => {
  const nginx = (apiReplicas: number) => {
    const application = described({ apiReplicas });
    const plan = planAddresses(application, "10.213.0.0/24");
    const edge = application.services.find(({ name }) => name === "edge");
    const file = edge?.files.find(({ path }) => path === "/etc/ralex/nginx.conf");
    const text = resolved(file?.content ?? "", application, plan);
    const upstreams = [...text.matchAll(/upstream (\S+) \{([^}]*)\}/g)].map(
      ([, name = "", body = ""]) =>
        [name, [...body.matchAll(/server (\S+)/g)].map(([, address = ""]) => address)] as const,
    );
    const api = (plan.of.get("api") ?? []).slice(0, apiReplicas).map((address) => `${address}:8000`);
    return { text, upstreams: new Map(upstreams), api };
  };

  test("lack exactly that replica each, for any number of replicas", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), (replicas) => {
        const { upstreams, api } = nginx(replicas);
        expect(upstreams.get("api")).toEqual(api);
        expect([...upstreams.keys()].filter((name) => name.startsWith("api_without_"))).toHaveLength(replicas);
        for (let slot = 0; slot < replicas; slot += 1) {
          expect(upstreams.get(`api_without_${slot}`)).toEqual(api.filter((_, other) => other !== slot));
        }
      }),
      { numRuns: 19 },
    );
  });

  test("are chosen by the replica's own file, on the plain and on the TLS listener", () => {
    const { text } = nginx(3);
    for (const slot of [0, 1, 2]) {
      expect(text.split(`if (-f /tmp/drained-${slot}) { set $drained "$drained-${slot}"; }`)).toHaveLength(3);
      expect(text.split(`-${slot} api_without_${slot};`)).toHaveLength(2);
    }
    // Of several drained ones at once none would be left, or the wrong ones: then all of them are asked.
    expect(text).toMatch(/map \$drained \$api_pool \{\s+default api;/);
    // Everything of the API goes to the pool that was chosen, and nothing to the whole of it.
    expect(text).not.toMatch(/proxy_pass http:\/\/api\b/);
    expect(text.match(/proxy_pass http:\/\/\$api_pool/g)).toHaveLength(6);
  });

  test("are none for a single replica: nothing could stand in for it", () => {
    const { text, upstreams, api } = nginx(1);
    expect([...upstreams.keys()].filter((name) => name.startsWith("api"))).toEqual(["api"]);
    expect(upstreams.get("api")).toEqual(api);
    expect(text).not.toContain("drained");
  });
});
