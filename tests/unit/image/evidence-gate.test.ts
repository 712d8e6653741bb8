import * as fc from "fast-check";
import { gate, rulesFor, rulesOf, vulnerabilityCounts, type GateRules } from "../../../components/image/evidence";
import { CHECKS, SEVERITIES, type Evidence, type Vulnerability } from "../../../components/image/evidence/record";
import { sealed } from "./evidence-sample";

const RULES = rulesFor("ralex-api");
const GOOD = sealed();
const NOW = new Date("2026-11-25T12:00:00Z");
const problemsOf = (change: Partial<Evidence>, rules: GateRules = RULES) =>
  gate({ ...GOOD, ...change }, rules, NOW).problems;
const amd64 = (change: Partial<Evidence["platforms"][string]>): Partial<Evidence> => ({
  platforms: { ...GOOD.platforms, "linux/amd64": { ...GOOD.platforms["linux/amd64"]!, ...change } },
});
const vulnerable = (...findings: readonly Vulnerability[]): Partial<Evidence> => ({
  vulnerabilities: {
    ...(GOOD.vulnerabilities as Extract<Evidence["vulnerabilities"], { status: "checked" }>),
    findings: [...findings],
  },
});
const VULNERABILITY: Vulnerability = {
  ...{ id: "CVE-2026-1", severity: "critical", package: "openssl", installed: "3.0.1", fixed: "3.0.2" },
  platform: "linux/amd64",
};

describe("the gate", () => {
  test("lets whole and harmless evidence pass, and says what nobody looked at", () => {
    const { problems, notChecked } = gate(GOOD, RULES, NOW);
    expect(problems).toEqual([]);
    expect(notChecked).toEqual([
      "start-up time on linux/arm64: not checked: no native machine: this engine runs linux/amd64",
    ]);
  });

  test("refuses an image without evidence", () => {
    expect(gate(undefined, RULES, NOW).problems).toEqual([
      "there is no evidence of it: run ./ralex evidence <image> --collect",
    ]);
  });

  test.each<[string, Partial<Evidence>, string]>([
    ["root", amd64({ user: "", nonRoot: false }), "linux/amd64: it runs as root; set USER to a number that is not 0"],
    ["a user by an unknown name", amd64({ user: "app", nonRoot: false }), "linux/amd64: it runs as app; set USER"],
    ["a setuid file", amd64({ setuidFiles: ["/bin/su"] }), "setuid or setgid is set on /bin/su"],
    ["too many bytes to pull", amd64({ compressedBytes: 60_000_001 }), "60.0 MB compressed, allowed are 60.0 MB"],
    ["too many bytes on disk", amd64({ unpackedBytes: 500_000_001 }), "500.0 MB unpacked, allowed are 500.0 MB"],
    [
      "a missing platform",
      { platforms: { "linux/amd64": GOOD.platforms["linux/amd64"]! } },
      "it is not for linux/arm64",
    ],
    [
      "a secret",
      {
        secrets: {
          ...(GOOD.secrets as Extract<Evidence["secrets"], { status: "checked" }>),
          findings: [
            { rule: "aws-access-key-id", severity: "critical", target: "/app/x", line: 3, platform: "linux/amd64" },
          ],
        },
      },
      "linux/amd64: /app/x line 3 holds a secret (aws-access-key-id); withdraw that secret",
    ],
    [
      "a severe misconfiguration",
      {
        misconfiguration: {
          ...(GOOD.misconfiguration as Extract<Evidence["misconfiguration"], { status: "checked" }>),
          findings: [{ id: "DS-0002", severity: "high", title: "root", target: "Dockerfile" }],
        },
      },
      "Dockerfile: root (DS-0002, high)",
    ],
    ["a critical vulnerability with a remedy", vulnerable(VULNERABILITY), "CVE-2026-1 openssl 3.0.1 -> 3.0.2"],
  ])("refuses %s", (_what, change, sentence) => {
    expect(problemsOf(change)).toEqual([expect.stringContaining(sentence)]);
  });

  test("has a budget of bytes of its own for development", () => {
    const large = amd64({ compressedBytes: 100e6, unpackedBytes: 700e6 });
    expect(problemsOf(large, rulesFor("ralex-api-dev"))).toEqual([]);
    expect(problemsOf(large, rulesFor("probe"))).toHaveLength(1);
    expect(problemsOf(large)).toHaveLength(2);
  });

  test("never takes a check that was not made for a clean one, where the rules demand it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHECKS), fc.string({ minLength: 1 }), (name, reason) => {
        const change = { [name]: { status: "not checked", reason } } as Partial<Evidence>;
        const demanding = { ...RULES, required: CHECKS };
        expect(problemsOf(change, demanding)).toEqual([expect.stringContaining(`${name}: not checked: ${reason}`)]);
        const { problems, notChecked } = gate({ ...GOOD, ...change }, { ...RULES, required: [] }, NOW);
        expect(problems).toEqual([]);
        expect(notChecked).toContain(`${name}: not checked: ${reason}`);
      }),
    );
  });

  test("says that the distribution's packages were not compared where the image lists none", () => {
    const vulnerabilities = {
      ...GOOD.vulnerabilities,
      operatingSystems: { "linux/amd64": null },
    } as Evidence["vulnerabilities"];
    expect(gate({ ...GOOD, vulnerabilities }, RULES, NOW).notChecked).toContain(
      "vulnerabilities of the distribution's packages on linux/amd64: not checked: the image lists none",
    );
  });

  test("refuses exactly when more severe vulnerabilities with a remedy are there than allowed", () => {
    const finding = fc.record({
      id: fc.nat({ max: 9 }).map((number) => `CVE-2026-${number}`),
      severity: fc.constantFrom(...SEVERITIES),
      package: fc.constantFrom("openssl", "zlib"),
      installed: fc.constant("1"),
      fixed: fc.constantFrom(null, "2"),
      platform: fc.constantFrom("linux/amd64", "linux/arm64"),
    });
    const limits = fc.record({ critical: fc.nat({ max: 3 }), high: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(finding), limits, (findings, fixable) => {
        const count = (severity: string) =>
          new Set(
            findings
              .filter((one) => one.severity === severity && one.fixed !== null)
              .map((one) => `${one.id}${one.package}`),
          ).size;
        const isOver = count("critical") > fixable.critical || count("high") > fixable.high;
        expect(problemsOf(vulnerable(...findings), { ...RULES, fixable }).length > 0).toBe(isOver);
      }),
    );
  });

  test("lets an excepted vulnerability pass until its day, and no longer", () => {
    const except = (expires: string) => ({
      ...RULES,
      exceptions: [{ id: VULNERABILITY.id, reason: "not reachable", expires }],
    });
    expect(problemsOf(vulnerable(VULNERABILITY), except("2026-12-01"))).toEqual([]);
    expect(problemsOf(vulnerable(VULNERABILITY), except("2026-11-25"))).toHaveLength(1);
    expect(problemsOf(vulnerable(VULNERABILITY), except("no date"))).toHaveLength(1);
  });

  test("lets vulnerabilities without a remedy, and lesser ones, pass", () => {
    expect(problemsOf(vulnerable({ ...VULNERABILITY, fixed: null }, { ...VULNERABILITY, severity: "medium" }))).toEqual(
      [],
    );
  });

  test("refuses evidence that is older than the rules allow", () => {
    expect(problemsOf({}, { ...RULES, mostDays: 2 })).toEqual([]);
    expect(problemsOf({ createdAt: "2026-11-01T00:00:00Z" }, { ...RULES, mostDays: 2 })).toEqual([
      "its evidence is 24 days old, allowed are 2: run ./ralex evidence <image> --collect",
    ]);
  });
});

test("a vulnerability that two platforms share is counted once, and none that was not looked for is no zero", () => {
  const both = vulnerable(
    VULNERABILITY,
    { ...VULNERABILITY, platform: "linux/arm64" },
    { ...VULNERABILITY, id: "CVE-2026-2", fixed: null },
  );
  expect(vulnerabilityCounts({ ...GOOD, ...both })).toEqual({
    bySeverity: { critical: 2, high: 0, medium: 0, low: 0, unknown: 0 },
    fixable: 1,
  });
  expect(vulnerabilityCounts({ ...GOOD, vulnerabilities: { status: "not checked", reason: "none" } })).toBeUndefined();
});

describe("the gate for a third-party image", () => {
  const image = { ref: GOOD.image, platforms: ["linux/amd64"], thirdParty: { tag: "1", sizeBudgetMiB: 200 } };
  const rules = rulesOf("redis", image);

  test("looks at its budget in the lock, in MiB", () => {
    const bytes = 200 * 1024 * 1024;
    expect(problemsOf(amd64({ unpackedBytes: bytes }), rules)).toEqual([]);
    expect(problemsOf(amd64({ unpackedBytes: bytes + 1 }), rules)).toEqual([
      "linux/amd64: it takes 209.7 MB unpacked, allowed are 209.7 MB; take a smaller one, or budget for it",
    ]);
  });

  test("lets its user, its files and its publisher's pace be, but for critical vulnerabilities", () => {
    const root = amd64({ user: "", nonRoot: false, setuidFiles: ["/usr/bin/su"] });
    expect(problemsOf(root, rules)).toEqual([]);
    expect(problemsOf(vulnerable({ ...VULNERABILITY, severity: "high" }), rules)).toEqual([]);
    expect(problemsOf(vulnerable(VULNERABILITY), rules)).toHaveLength(1);
  });

  test("refuses it without evidence", () => {
    expect(gate(undefined, rules, NOW).problems).toHaveLength(1);
  });
});
