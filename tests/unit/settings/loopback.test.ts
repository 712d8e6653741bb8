import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { mapProxyName } from "@grpc/grpc-js/build/src/http_proxy";
import execa from "execa";
import * as fc from "fast-check";
import { exportsOf } from "../../../cli/env";
import { environmentOf } from "../../../cli/evidence/tools";
import { EXEMPTIONS, loopbackExemptions } from "../../../components/loopback";
import { Workspace } from "../../../cli/workspace";

const before = process.env;
afterEach(() => (process.env = before));

/** What the gRPC library of Pulumi's SDK connects to in the present environment. */
const connectsTo = (host: string): string => mapProxyName({ scheme: "dns", path: host }, {}).target.path;

const PROXY = "http://127.0.0.1:9";
const PROXIES = ["http_proxy", "https_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"];

/** Any spelling of a name. */
const spelt = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => [...name].map((letter, index) => (upper[index] === true ? letter.toUpperCase() : letter)).join(""));
const host = fc.constantFrom("models.example", ".corp", "10.0.0.0/8", "192.168.1.5:8080", "*", "localhost", "::1", "");
const list = fc
  .tuple(fc.array(host), fc.constantFrom(",", " ", ", ", ",,"))
  .map(([hosts, separator]) => hosts.join(separator));
const environments = fc
  .record({
    proxies: fc.uniqueArray(fc.constantFrom(...PROXIES), { minLength: 1 }),
    general: fc.dictionary(spelt("no_proxy"), list, { maxKeys: 3 }),
    grpc: fc.dictionary(spelt("no_grpc_proxy"), list, { maxKeys: 2 }),
  })
  .map(({ proxies, general, grpc }) => ({
    ...Object.fromEntries(proxies.map((name) => [name, PROXY])),
    ...general,
    ...grpc,
  }));

describe("a user's proxy", () => {
  test("never stands between the parts of Pulumi on loopback, however its variables are written", () => {
    fc.assert(
      fc.property(environments, (environment) => {
        process.env = { ...environment, ...loopbackExemptions(environment) };
        for (const address of ["127.0.0.1:34567", "localhost:34567", "[::1]:34567", "127.8.9.10:34567"]) {
          expect(connectsTo(address)).toBe(address);
        }
      }),
      { numRuns: 500 },
    );
    process.env = { http_proxy: PROXY };
    expect(connectsTo("127.0.0.1:34567")).toBe("127.0.0.1:9");
  });

  test("keeps every exemption that it has, under every name, and gets loopback there once", () => {
    fc.assert(
      fc.property(environments, (environment: Readonly<Record<string, string>>) => {
        const made = loopbackExemptions(environment);
        expect(Object.keys(made)).toEqual(expect.arrayContaining([...EXEMPTIONS]));
        for (const [name, value] of Object.entries(made)) {
          const entries = value.split(",");
          const own = (environment[name] ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
          expect(new Set(entries).size).toBe(entries.length);
          if (value !== "*") expect(entries).toEqual(expect.arrayContaining([...own, "localhost", "127.0.0.1", "::1"]));
          else expect(Object.values(environment).join(",")).toContain("*");
        }
        expect(loopbackExemptions({ ...environment, ...made })).toEqual(made);
      }),
    );
  });

  test("is still used for what is not loopback", () => {
    process.env = { http_proxy: PROXY, ...loopbackExemptions({ http_proxy: PROXY, no_proxy: ".corp" }) };
    expect(connectsTo("models.example:443")).toBe("127.0.0.1:9");
    expect(connectsTo("git.corp:443")).toBe("git.corp:443");
  });

  test("is not asked for loopback by curl, which takes a * only where it stands alone", async () => {
    for (const own of [{ NO_PROXY: "a.example" }, { no_proxy: "*" }, { No_Proxy: "*, a.example" }]) {
      const proxied = { http_proxy: "http://proxy.invalid:1", ALL_PROXY: "http://proxy.invalid:1", ...own };
      const env = { PATH: before.PATH, ...proxied, ...loopbackExemptions(proxied) };
      const args = ["-sS", "--max-time", "2", "http://127.0.0.1:9/"];
      const { stderr } = await execa("curl", args, { env, extendEnv: false, reject: false });
      expect(stderr).toContain("connect to 127.0.0.1");
    }
  }, 30_000);

  test("reaches none of what the commands start, nor a shell that runs Pulumi by hand", async () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-loopback-"));
    process.env = { PATH: before.PATH, http_proxy: PROXY, NO_PROXY: "a.example", RALEX_TOOLCHAIN: "official" };
    try {
      const exempt = { no_proxy: expect.stringContaining("a.example,localhost,127.0.0.1") as string };
      const workspace = new Workspace(checkout, { env: {}, standIns: [] });
      expect(workspace.environment).toMatchObject(exempt);
      expect(environmentOf()).toMatchObject(exempt);
      const script = `${exportsOf(workspace).join("\n")}\nenv`;
      const { stdout } = await execa("sh", ["-c", script], { env: { PATH: before.PATH }, extendEnv: false });
      for (const name of EXEMPTIONS)
        expect(stdout).toContain(`${name}=a.example,localhost,127.0.0.1,127.0.0.0/8,::1,[::1]`);
    } finally {
      fs.rmSync(checkout, { recursive: true });
    }
  });
});

test("what ./ralex env prints is read by a shell as it was, whatever is in a value", async () => {
  const PULUMI_HOME = '/tmp/it\'s a "folder" $HOME `x` \\ ü';
  const workspace = { environment: { PULUMI_HOME, PATH: "/bin" }, tools: { env: {}, standIns: [] } };
  const script = `${exportsOf(workspace).join("\n")}\nprintf %s "$PULUMI_HOME"`;
  expect((await execa("/bin/sh", ["-c", script])).stdout).toBe(PULUMI_HOME);
});
