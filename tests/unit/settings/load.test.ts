import * as fs from "node:fs";
import * as fc from "fast-check";
import {
  leftOutSentence,
  leftOutVariables,
  loadSettings,
  secretValues,
  SettingsError,
  variableOf,
} from "../../../components/settings/load";
import { PLAIN_SETTINGS } from "../../../components/settings/schema";

const none = { environment: {}, dotenv: {}, stack: {} };

/** The problems that loading reports; an empty list when it loads. */
function problemsOf(sources: Partial<typeof none> & Record<string, object>) {
  try {
    loadSettings({ ...none, ...sources });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe("settings", () => {
  test("have a default for everything, so that an empty configuration loads", () => {
    const settings = loadSettings(none);
    expect(settings).toMatchObject({ target: "docker", running: true, webPort: 3000, apiPort: 8000, tlsPort: 8443 });
    expect(settings.secretsSet.size).toBe(0);
    expect(settings.release).toBeUndefined();
  });

  test("are taken from the environment, then .env, then the stack, then the default", () => {
    const stack = { apiReplicas: 3, apiPort: 8003, webPort: 3003 };
    const dotenv = { RALEX_API_REPLICAS: "4", RALEX_API_PORT: "8004" };
    const environment = { RALEX_API_REPLICAS: "5" };
    expect(loadSettings({ stack, dotenv, environment })).toMatchObject({
      apiReplicas: 5,
      apiPort: 8004,
      webPort: 3003,
      tlsPort: 8443,
    });
  });

  test("keep zero and false where they are allowed", () => {
    const stack = { apiRateLimitPerMinute: 0, running: false };
    expect(loadSettings({ ...none, stack })).toMatchObject(stack);
    expect(loadSettings({ ...none, environment: { RALEX_RUNNING: "false" } }).running).toBe(false);
  });

  test("report every problem in one error, each with its key, its source and what is allowed", () => {
    const problems = problemsOf({
      stack: { apiReplicas: 0, apiRepilcas: 3, apiLogLevel: "loud", subnet: "8.8.8.0/24" },
      environment: { RALEX_WEB_PORT: "http", RALEX_TYPO: "1" },
    });
    expect(problems.map(({ key }) => key).sort()).toEqual(
      ["RALEX_TYPO", "apiLogLevel", "apiRepilcas", "apiReplicas", "subnet", "webPort"].sort(),
    );
    expect(problems.find(({ key }) => key === "apiLogLevel")?.message).toContain("warning");
    expect(problems.find(({ key }) => key === "webPort")?.source).toBe("RALEX_WEB_PORT in environment");
  });

  test("refuse to open the monitoring to operators where there is none", () => {
    const [problem, ...rest] = problemsOf({ stack: { monitoring: "none", operatorListeners: true } });
    expect(rest).toEqual([]);
    expect(problem).toMatchObject({
      key: "operatorListeners",
      message: "opens what is not there with monitoring none: set it to false, or monitoring to own",
    });
    expect(problemsOf({ stack: { monitoring: "none" } })).toEqual([]);
  });

  test("refuse a release and the environment before from anywhere but the stack's file", () => {
    for (const variable of ["RALEX_RELEASE", "RALEX_PROMOTES_FROM"]) {
      for (const from of ["environment", "dotenv"]) {
        expect(problemsOf({ [from]: { [variable]: "dev" } }).map(({ message }) => message)).toEqual([
          "is set in the stack's file only",
        ]);
      }
    }
    expect(loadSettings({ ...none, stack: { promotesFrom: "dev" } }).promotesFrom).toBe("dev");
  });

  test("take nothing from variables and .env where the stack promotes from another one, and tell which", () => {
    const variables = { RALEX_API_REPLICAS: "4", RALEX_UPSTREAM_API_KEY: "a-developers" };
    const dotenv = { ...variables, RALEX_TYPO: "1" };
    const environment = { ...variables, RALEX_WEB_PORT: "", RALEX_REGISTRY: "registry.example", HOME: "/root" };
    const stack = { promotesFrom: "dev", upstreamUrl: "https://models.example/v1" };
    const promoted = { ...none, environment, dotenv, stack };
    expect(loadSettings(promoted)).toMatchObject({ apiReplicas: 2, secretsSet: new Set() });
    expect(secretValues(promoted)).toEqual({});
    expect(leftOutSentence("prod", leftOutVariables(promoted))).toBe(
      "set, and without any effect on prod, which takes its settings from Pulumi.prod.yaml only: " +
        "RALEX_API_REPLICAS (.env), RALEX_UPSTREAM_API_KEY (.env), " +
        "RALEX_API_REPLICAS (environment), RALEX_UPSTREAM_API_KEY (environment)",
    );
    const first = { ...promoted, dotenv: variables, stack: { ...stack, promotesFrom: "" } };
    expect([loadSettings(first).apiReplicas, leftOutVariables(first)]).toEqual([4, []]);
    expect(secretValues(first)).toEqual({ upstreamApiKey: "a-developers" });
  });

  test("of such a stack are the same whatever variables are set", () => {
    const stack = { promotesFrom: "dev" };
    const bare = loadSettings({ ...none, stack });
    const known = Object.keys(PLAIN_SETTINGS).filter((key) => key !== "promotesFrom");
    const variables = fc.dictionary(fc.constantFrom(...known.map(variableOf)), fc.string());
    fc.assert(
      fc.property(variables, variables, (environment, dotenv) => {
        expect(loadSettings({ environment, dotenv, stack })).toEqual(bare);
      }),
    );
  });

  test("refuse a name that is no setting's there too, and a pin or an environment before from a variable", () => {
    const environment = { RALEX_API_REPLICA: "4", RALEX_PROMOTES_FROM: "staging", RALEX_RELEASE: "{}" };
    expect(problemsOf({ environment, stack: { promotesFrom: "dev" } }).map(({ key }) => key)).toEqual([
      ...["RALEX_API_REPLICA", "promotesFrom", "release"],
    ]);
  });

  test("are not disturbed by any variable that the documents name", () => {
    const documents = ["README.md", "CONTRIBUTING.md", ...fs.readdirSync("docs").map((name) => `docs/${name}`)];
    const named = documents
      .filter((name) => name.endsWith(".md"))
      .flatMap((name) =>
        [...fs.readFileSync(name, "utf8").matchAll(/\bRALEX_[A-Z][A-Z_]*[A-Z]\b/g)].map(([word]) => word),
      );
    const unknown = problemsOf({ environment: Object.fromEntries(named.map((name) => [name, "1"])) }).filter(
      ({ message }) => message === "unknown setting",
    );
    expect(named).toContain("RALEX_SIGNING_PUBLIC_KEY");
    expect(unknown).toEqual([]);
  });

  test("refuse two listeners on one port and a key without its upstream", () => {
    const problems = problemsOf({ stack: { webPort: 8000, upstreamApiKey: "k" } });
    expect(problems.map(({ key }) => key)).toEqual(["upstreamApiKey", "apiPort"]);
  });

  test("take an empty variable as not set, as an empty text in the stack's file", () => {
    const stack = { apiReplicas: 3, upstreamUrl: "https://models.example/v1", upstreamApiKey: "k" };
    const empty = { RALEX_API_REPLICAS: "", RALEX_UPSTREAM_API_KEY: "", RALEX_RELEASE: "" };
    for (const sources of [
      { ...none, stack, dotenv: empty },
      { ...none, stack, environment: empty },
    ]) {
      expect(loadSettings(sources)).toMatchObject({ apiReplicas: 3 });
      expect(secretValues(sources)).toEqual({ upstreamApiKey: "k" });
    }
    const dotenv = { RALEX_API_REPLICAS: "4" };
    expect(loadSettings({ stack, dotenv, environment: empty }).apiReplicas).toBe(4);
  });

  test("refuse a variable that is written in other letters, which would do nothing", () => {
    expect(problemsOf({ dotenv: { ralex_web_port: "3100" } }).map(({ key }) => key)).toEqual(["ralex_web_port"]);
  });

  test("take every key that the bridge takes and no other, but for quotes", () => {
    const python = fs.readFileSync("images/ralex-api/ralex_bridge/settings.py", "utf8");
    const rule = /re\.fullmatch\(r"([^"]+)", key\)/.exec(python)?.[1] ?? "";
    const bridge = new RegExp(`^(?:${rule})$`);
    expect(bridge.test("sk-abc#def")).toBe(true);
    const key = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }));
    const upstream = { upstreamUrl: "https://models.example/v1" };
    fc.assert(
      fc.property(key, fc.constantFrom("dotenv", "environment", "stack"), (value, source) => {
        const sources = {
          ...none,
          stack: { ...upstream, ...(source === "stack" ? { upstreamApiKey: value } : {}) },
          ...(source === "stack" ? {} : { [source]: { RALEX_UPSTREAM_API_KEY: value } }),
        };
        const problems = problemsOf(sources);
        expect(problems.length === 0).toBe(bridge.test(value) && !/["'`]/.test(value));
        if (problems.length === 0) expect(secretValues(sources)).toEqual({ upstreamApiKey: value });
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["sk abc", "white space"],
    ["sk-abc\n", "white space"],
    ['"sk-abc"', "a quote"],
    ["sk-\u0007", "a control character"],
    ["sk-é", "a character outside ASCII"],
    ["a b'é", "white space and a quote and a character outside ASCII"],
  ])("refuse a key with what no key has: %p", (openrouterApiKey, found) => {
    const problems = problemsOf({ stack: { openrouterApiKey } });
    expect(problems).toEqual([
      {
        key: "openrouterApiKey",
        source: "stack configuration",
        message: expect.stringContaining(`holds ${found},`) as string,
      },
    ]);
    expect(problems[0]?.message).not.toContain(openrouterApiKey);
  });

  test("refuse a secret that a stack's file has in clear, together with everything else", () => {
    const stack = { openrouterApiKey: "k", webPort: 0 };
    const sources = { stack, encrypted: new Set<string>() };
    expect(problemsOf(sources).map(({ key }) => key)).toEqual(["openrouterApiKey", "webPort"]);
    expect(problemsOf({ stack: { openrouterApiKey: "k" }, encrypted: new Set(["openrouterApiKey"]) })).toEqual([]);
    expect(problemsOf({ stack: { openrouterApiKey: "" }, encrypted: new Set<string>() })).toEqual([]);
  });

  test("refuse a subnet that is not the network's own address, as Docker does", () => {
    expect(problemsOf({ stack: { subnet: "10.213.0.1/24" } })[0]?.message).toContain("the network's own address");
    for (const subnet of ["10.213.0.0/24", "172.31.0.0/16", "192.168.4.0/22"]) {
      expect(loadSettings({ ...none, stack: { subnet } }).subnet).toBe(subnet);
    }
  });

  test("never repeat a secret's value in an error", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^canary-[a-z0-9]{12}$/), (canary) => {
        const stack = { upstreamApiKey: canary, apiReplicas: canary, subnet: canary, unknown: canary, webPort: canary };
        expect(() => loadSettings({ ...none, stack })).toThrow(SettingsError);
        expect(problemsOf({ stack }).some(({ message }) => message.includes(canary))).toBe(false);
      }),
    );
  });

  test("either load or fail with a SettingsError that names each malformed key, whatever the values", () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
    );
    const keys = fc.uniqueArray(fc.oneof(fc.constantFrom(...Object.keys(PLAIN_SETTINGS)), fc.string()), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(keys, fc.infiniteStream(value), (names, stream) => {
        const stack = Object.fromEntries(names.map((name) => [name, stream.next().value]));
        const reported = new Set(problemsOf({ stack }).map(({ key }) => key));
        for (const name of names) {
          const schema = (PLAIN_SETTINGS as Record<string, { safeParse(value: unknown): { success: boolean } }>)[name];
          if (Object.hasOwn(PLAIN_SETTINGS, name)) {
            const raw = stack[name];
            const fits = schema?.safeParse(raw).success === true;
            if (!fits && typeof raw !== "string") expect(reported).toContain(name);
          } else if (name !== "release" && !name.endsWith("ApiKey")) expect(reported).toContain(name);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("have environment names that say the key in capitals", () => {
    expect(variableOf("apiRateLimitPerMinute")).toBe("RALEX_API_RATE_LIMIT_PER_MINUTE");
  });
});
