import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { SettingsError } from "../../../components/settings/load";
import { readStackSettings } from "../../../stacks/stack-settings";

const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-stack-settings-"));
const before = process.env;
beforeAll(
  () => void pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "ralex"),
);
afterEach(() => (process.env = before));
afterAll(() => fs.rmSync(checkout, { recursive: true }));

/** As the engine gives a program its configuration: everything in plain, and the names of what is encrypted. */
function read(config: Readonly<Record<string, string>>, encrypted: readonly string[]) {
  const named = Object.fromEntries(Object.entries(config).map(([key, value]) => [`ralex:${key}`, value]));
  pulumi.runtime.setAllConfig(named, []);
  process.env = { ...before, PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(encrypted.map((key) => `ralex:${key}`)) };
  return readStackSettings(checkout);
}

const UPSTREAM = { upstreamUrl: "https://models.example/v1" };

describe("a program's settings", () => {
  test("refuse an encrypted key that the bridge would die of, before any resource, and do not repeat it", () => {
    const wrong = () => read({ ...UPSTREAM, upstreamApiKey: "c4n4ry key", apiReplicas: "0" }, ["upstreamApiKey"]);
    expect(wrong).toThrow(SettingsError);
    expect(wrong).toThrow(/2 problem.*apiReplicas.*upstreamApiKey \(stack configuration\): holds white space/s);
    expect(wrong).not.toThrow(/c4n4ry/);
  });

  test("refuse a key in clear together with everything else that is wrong", () => {
    expect(() => read({ ...UPSTREAM, upstreamApiKey: "k", webPort: "0" }, [])).toThrow(
      /2 problem.*upstreamApiKey \(stack configuration\): is written in clear.*webPort/s,
    );
  });

  test("have a key as it is written, as a secret", async () => {
    const { settings, secrets } = read({ ...UPSTREAM, upstreamApiKey: "sk-abc#def" }, ["upstreamApiKey"]);
    expect([...settings.secretsSet]).toEqual(["upstreamApiKey"]);
    const output = secrets.upstreamApiKey;
    expect(output === undefined ? false : await pulumi.isSecret(output)).toBe(true);
    expect(await new Promise((resolve) => output?.apply(resolve))).toBe("sk-abc#def");
  });

  test("refuse a line of .env that cannot be taken as it is written", () => {
    fs.writeFileSync(path.join(checkout, ".env"), "RALEX_API_REPLICAS=3 # three\n");
    expect(() => read({}, [])).toThrow(/RALEX_API_REPLICAS \(\.env, line 1\): has a # where a comment could start/);
    expect(() => read({ promotesFrom: "dev" }, [])).not.toThrow();
  });

  test("of a stack that promotes from another one are its configuration's, and the variables without effect are told", () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
    fs.writeFileSync(path.join(checkout, ".env"), "RALEX_UPSTREAM_URL=https://models.example/v1\n");
    process.env.RALEX_API_REPLICAS = "7";
    try {
      expect(read({ promotesFrom: "dev" }, []).settings).toMatchObject({ apiReplicas: 2, upstreamUrl: undefined });
      expect(warn.mock.calls).toEqual([
        [expect.stringMatching(/^set, and without any effect on .*: RALEX_UPSTREAM_URL \(\.env\), RALEX_API_REPLICAS/)],
      ]);
      expect(read({}, []).settings).toMatchObject({ apiReplicas: 7, upstreamUrl: "https://models.example/v1" });
      expect(warn).toHaveBeenCalledTimes(1);
    } finally {
      delete process.env.RALEX_API_REPLICAS;
      warn.mockRestore();
    }
  });
});
