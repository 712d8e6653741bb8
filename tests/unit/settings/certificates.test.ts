import { generateKeyPairSync } from "node:crypto";
import { rootCertificates } from "node:tls";
import * as fc from "fast-check";
import { settingsProblems } from "../../support/settings-problems";

const [ONE = "", OTHER = ""] = rootCertificates;
const UPSTREAM = "https://llm.internal/v1";

const ca = (upstreamCaCertificate: string, upstreamUrl: string | undefined = UPSTREAM) =>
  settingsProblems({ upstreamCaCertificate, ...(upstreamUrl === "" ? {} : { upstreamUrl }) });

describe("the certificate of an upstream's authority", () => {
  test("may be one or several, however their lines end, with text around them", () => {
    for (const pem of [ONE, `${ONE}\n${OTHER}\n`, ONE.replace(/\n/g, "\r\n"), `# our authority\n${ONE}`]) {
      expect(ca(pem)).toEqual([]);
    }
  });

  test("is refused with what to write where it is none, and never repeated", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(ca("canary")).toEqual([expect.stringMatching(/^upstreamCaCertificate: must be certificates in PEM/)]);
    expect(ca(`${ONE}\n${key}`)).toEqual([expect.stringContaining("must hold no private key")]);
    expect(ca(`${ONE}\n${OTHER.slice(0, 60)}\ncanary\n-----END CERTIFICATE-----`)).toEqual([
      expect.stringContaining("number 2 of 2 cannot be read"),
    ]);
    for (const pem of ["canary", key]) expect(ca(pem).join()).not.toMatch(/canary|[A-Za-z0-9+/]{40}/);
  });

  test("is refused where it is a bundle that no program could be started with", () => {
    const bundle = (kib: number) => ONE.padEnd(kib * 1024, "\n");
    expect(ca(bundle(32))).toEqual([]);
    expect(ca(`${bundle(32)}\n`)).toEqual([expect.stringContaining("must have at most 32 KiB")]);
  });

  test("needs an upstream whose authority it could be", () => {
    for (const url of ["", "http://llm.internal/v1"]) {
      expect(ca(ONE, url)).toEqual([expect.stringContaining("upstreamCaCertificate: needs an upstreamUrl")]);
    }
  });

  test("is decided without an error whatever the text is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(ca(`-----BEGIN ${text}-----${text}`).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("the origins of browser clients", () => {
  test("are a list with commas, any, or none", () => {
    for (const list of ["", "*", "https://a.example", "http://localhost:3000, https://[::1]:8443,"]) {
      expect(settingsProblems({ apiCorsOrigins: list })).toEqual([]);
    }
  });

  test("are refused, each by its number, where no browser would send them", () => {
    const wrong = ["https://a.example/", "a.example", "https://A.example", "https://*.example", "null", "https://a b"];
    for (const origin of wrong) {
      const [problem, ...others] = settingsProblems({ apiCorsOrigins: `https://fine.example,${origin}` });
      expect(others).toEqual([]);
      expect(problem).toMatch(/^apiCorsOrigins: number 2 is no origin: .*https:\/\/app\.example:8443/);
    }
  });
});

describe("proxies in front of the stack", () => {
  test.each(["10.0.0.0/8", "192.0.2.7", "fd00::/8", " 10.0.0.0/8 , ::1 "])("may be %s", (list) => {
    expect(settingsProblems({ trustedProxies: list })).toEqual([]);
  });

  test.each(["10.0.0.0/33", "example.com", "any", "10.0.0"])(
    "are not %s, and the place in the list is named",
    (one) => {
      expect(settingsProblems({ trustedProxies: `10.0.0.0/8,${one}` })).toEqual([
        "trustedProxies: number 2 is no network: write 10.0.0.0/8, or a single address such as 10.1.2.3",
      ]);
    },
  );

  test("have an address as a browser has it", () => {
    expect(settingsProblems({ publicUrl: "https://ralex.example" })).toEqual([]);
    for (const url of [
      "ralex.example",
      "https://ralex.example/",
      "https://Ralex.example",
      "https://ralex.example/chat",
    ]) {
      expect(settingsProblems({ publicUrl: url })).toEqual([
        "publicUrl: must be https://host or https://host:port, in lower case and with nothing behind",
      ]);
    }
  });
});
