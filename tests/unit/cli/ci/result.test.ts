/** From what the engine writes to a result, and from a file to a result. */
import * as fs from "node:fs";
import * as path from "node:path";
import { resultOf } from "../../../../cli/ci/events/reduce";
import { redactor, secretsOf } from "../../../../cli/ci/events/redact";
import { shownValue } from "../../../../cli/ci/events/values";
import { exitCodeOf } from "../../../../cli/ci/preview";
import { readResult, writeResult, type PreviewResult } from "../../../../cli/ci/result";
import { recordedResult, recordedStream } from "../../../support/previews/gallery";
import { digest } from "../../../support/previews/programs";
import { scratchFolder } from "../../../support/scratch-folder";

const FACTS = { project: "ralex", stack: "prod", startedAt: "2026-11-27T09:30:00.000Z", seconds: 1, exitCode: 0 };
const step = (op: string, more: Readonly<Record<string, unknown>> = {}) => ({
  resourcePreEvent: { metadata: { op, urn: "urn:pulumi:prod::ralex::a:b:C::one", type: "a:b:C", ...more } },
});
const END = { summaryEvent: { resourceChanges: {} } };
const logOf = (...events: readonly unknown[]) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

describe("a recorded preview", () => {
  test("of a replaced volume is one replacement, with its reason, and shows image digests and counts alone", () => {
    const { outcome, changes, unchanged, warnings, errors } = recordedResult("database-replaced", "prod");
    expect([outcome, unchanged, errors, warnings.length]).toEqual(["changed", 2, [], 1]);
    // The engine's order is that in which the program's resources are ready.
    expect(changes.map(({ operation, name }) => `${operation} ${name}`).sort()).toEqual([
      "replace postgres-data",
      "update api",
      "update postgres",
    ]);
    const named = (name: string) => changes.find((change) => change.name === name);
    expect(named("postgres-data")).toMatchObject({
      type: "kubernetes:core/v1:PersistentVolumeClaim",
      reasons: ["spec.storageClassName"],
      properties: [{ path: "spec.storageClassName", kind: "update" }],
    });
    expect(named("api")?.properties).toEqual([
      { path: "spec.replicas", kind: "update", before: "2", after: "3" },
      {
        path: "spec.template.spec.containers[0].image",
        kind: "update",
        before: `ralex-api@${"b".repeat(12)}`,
        after: `ralex-api@${"c".repeat(12)}`,
      },
    ]);
    // The only other values that differ.
    expect(JSON.stringify(changes)).not.toMatch(/standard|fast/);
  });

  test("of nothing to do, of a new stack, and of a program that throws say so", () => {
    expect(recordedResult("nothing-changed", "dev")).toMatchObject({ outcome: "unchanged", changes: [], unchanged: 5 });
    expect(recordedResult("first-deployment", "new").changes.map(({ operation }) => operation)).toEqual(
      Array.from({ length: 5 }, () => "create"),
    );
    const failed = recordedResult("program-failed", "prod", { exitCode: 1 });
    expect(failed).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(failed.errors.map(({ text }) => text.split("\n")[1])).toEqual([
      "TypeError: Cannot read properties of undefined (reading 'port')",
    ]);
  });

  test("that a policy refuses has every finding, those that refuse first, and no error beside", () => {
    const failure = { message: "refused by a policy, named above", isRefusal: true };
    const { outcome, findings, errors } = recordedResult("policy-refused", "staging", { exitCode: 2, failure });
    expect([outcome, errors]).toEqual(["refused", []]);
    expect(findings.map(({ rule, refuses }) => [rule, refuses])).toEqual([
      ["random-password-require-length", true],
      ["kubernetes-workload-require-resources", false],
      ["kubernetes-workload-require-resources", false],
    ]);
    expect(findings[0]?.message).toContain("Fix: Make it 12 characters or longer");
  });
});

describe("the engine's log", () => {
  test("that has no end says nothing of what would change, though the engine ended without an error", () => {
    for (const log of ["", logOf(step("same")), logOf(step("same")).slice(0, -20)]) {
      const result = resultOf(log, FACTS, []);
      expect(result).toMatchObject({ outcome: "failed", exitCode: 1 });
      expect(result.errors[0]?.text).toContain("what would change is not known");
    }
  });

  test("cut off in the middle of a line, by a kill, is read up to there", () => {
    const log = recordedStream("database-replaced");
    const result = resultOf(log.slice(0, log.length * 0.8), { ...FACTS, exitCode: 130, ended: "cancelled" }, []);
    expect(result.outcome).toBe("cancelled");
    expect(result.changes.length).toBeGreaterThan(0);
  });

  test("of an engine that never began leaves its last lines, and of one that did none: they hold values", () => {
    const output = `Previewing\nerror: incorrect passphrase`;
    const failed = { ...FACTS, exitCode: 1, output, failure: { message: "pulumi preview failed", isRefusal: false } };
    expect(resultOf("", failed, []).errors).toEqual([{ text: output }]);
    expect(resultOf(logOf(step("same"), END), failed, []).errors).toEqual([{ text: "pulumi preview failed" }]);
  });

  test("counts a resource of several steps once, as what says the most, and leaves providers and the stack out", () => {
    const own = { urn: "urn:pulumi:prod::ralex::pulumi:providers:a::p", type: "pulumi:providers:a" };
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => step(op, { keys: ["x"] }));
    const result = resultOf(logOf(...steps, step("update", own), step("read"), step("refresh"), END), FACTS, []);
    expect(result.changes.map(({ operation, reasons }) => [operation, reasons])).toEqual([["replace", ["x"]]]);
  });

  test("tells what a deletion leaves where it is, and what kind of change a provider does not tell", () => {
    const old = { retainOnDelete: true, inputs: { a: 1, b: 1 } };
    const result = resultOf(
      logOf(
        step("delete", { old }),
        step("update", { urn: "u", diffs: ["a", "b", "c"], old, new: { inputs: { a: 2, c: 1 } } }),
        END,
      ),
      FACTS,
      [],
    );
    expect(result.changes[0]).toMatchObject({ operation: "delete", retained: true });
    expect(result.changes[1]?.properties.map(({ kind }) => kind)).toEqual(["update", "delete", "add"]);
  });
});

describe("a value", () => {
  const image = `registry.example:5000/team/ralex-api:1.0@sha256:${digest("b")}`;
  test("is shown of an image by its digest, and of a count", () => {
    expect(shownValue("image", image)).toBe(`ralex-api@${"b".repeat(12)}`);
    expect(shownValue("imageId", `sha256:${digest("c")}`)).toBe("c".repeat(12));
    expect(shownValue("replicas", 3)).toBe("3");
  });

  test.each([
    ["image", "postgres:15"],
    ["image", `https://user:password@registry.example/x@sha256:${digest("b")}`],
    ["image", `${image} --password=x`],
    ["image", { image }],
    ["replicas", "3"],
    ["replicas", 2.5],
    ["password", "hunter22"],
    ["env", image],
  ])("of %s that is %p is not", (name, value) => expect(shownValue(name, value)).toBeUndefined());
});

describe("a secret", () => {
  const CANARY = "canary-5f2e8c19";
  const own = scratchFolder();

  test("of the machine is known by the name of its variable, and by the file of its passphrase", () => {
    const file = path.join(own, "passphrase");
    fs.writeFileSync(file, `${CANARY}-file\n`);
    const secret = [
      "GITHUB_TOKEN",
      "RALEX_OPENROUTER_API_KEY",
      "AWS_SECRET_ACCESS_KEY",
      "RALEX_POSTGRES_PASSWORD",
      "PULUMI_CONFIG_PASSPHRASE",
    ];
    const plain = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_PATH", "PATH", "KEYBOARD", "MONKEY"];
    const environment = Object.fromEntries([...secret, ...plain].map((name) => [name, `${CANARY}-${name}`]));
    expect(
      secretsOf({ ...environment, PULUMI_CONFIG_PASSPHRASE_FILE: file })
        .slice()
        .sort(),
    ).toEqual([...secret.map((name) => `${CANARY}-${name}`), `${CANARY}-file`].sort());
  });

  test("is taken out of any text, every line of it, with what is one by its form", () => {
    const redact = redactor([`${CANARY}\nsecond-line-of-it`, "abc"]);
    expect(redact(`a ${CANARY} b second-line-of-it c abc`)).toBe("a [secret] b [secret] c abc");
    for (const text of [
      "postgres://user:hunter22@db:5432/x",
      "Authorization: Bearer abcdefghijklmnop",
      "curl -H 'authorization: basic dXNlcjpodW50ZXIyMg=='",
      `token ghp_${"a1".repeat(18)} and glpat-${"b2".repeat(10)} and sk-or-v1-${"c3".repeat(16)}`,
      "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
    ]) {
      expect(redact(text)).toContain("[secret]");
      expect(redact(text)).not.toMatch(/hunter22|abcdefgh|dXNlcj|a1a1|b2b2|c3c3|MHcC/);
    }
    expect(redact("no scheme: ops@example.com, https://host:8443/path")).toBe(
      "no scheme: ops@example.com, https://host:8443/path",
    );
  });

  test("that a program made and then says in an error is known from the log's debugging lines", () => {
    // As Node's runtime prints them: the last property of an object, and one that another follows.
    const secret = "4dabf18193072939515e22adb298388d,,,1b47061264138c4ac30d75fd1eb44270,value,,,";
    const debug = `resp: urn,,keepers,,,,,one,,,,,${secret}${CANARY}-a,two,,,,,${secret}${CANARY}, with a comma,,\n`;
    const log = logOf(
      { diagnosticEvent: { severity: "debug", message: debug } },
      { diagnosticEvent: { severity: "error", message: `it broke with ${CANARY}-a and ${CANARY}, with a comma` } },
      {
        policyEvent: {
          message: `${CANARY}-a is weak`,
          policyName: "p",
          policyPackName: "k",
          enforcementLevel: "mandatory",
        },
      },
      END,
    );
    const result = resultOf(log, { ...FACTS, exitCode: 1 }, []);
    expect(JSON.stringify(result)).not.toContain(CANARY);
    expect(result.errors).toEqual([{ text: "it broke with [secret] and [secret]" }]);
  });
});

describe("the file of a result", () => {
  const folder = scratchFolder();
  const write = (name: string, text: string | Buffer) => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  test("is read as it was written, and is its user's alone", () => {
    const result = recordedResult("database-replaced", "prod");
    const file = writeResult(path.join(folder, "new"), result);
    expect(path.basename(file)).toBe("prod.json");
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(readResult(file)).toEqual(result);
  });

  const good = JSON.parse(JSON.stringify(recordedResult("nothing-changed", "dev"))) as PreviewResult;
  test.each([
    ["no JSON", "{", /is no JSON/],
    ["another document", "[]", /is no result \(ralex-preview\/1\): the whole/],
    ["a field that a result has not", JSON.stringify({ ...good, extra: "canary" }), /unrecognized_keys/],
    ["a name that is too long", JSON.stringify({ ...good, stack: "x".repeat(1001) }), /stack: too_big/],
    ["a commit that is none", JSON.stringify({ ...good, commit: "$(id)" }), /commit: invalid_format/],
    ["a file that is too large", Buffer.alloc(16 * 2 ** 20 + 1, " "), /has 16777217 bytes/],
  ])("is refused where it is %s, and nothing of it is repeated", (name, text, expected) => {
    const file = write(`${name.replaceAll(" ", "-")}.json`, text);
    expect(() => readResult(file)).toThrow(expected);
    expect(() => readResult(file)).not.toThrow(/canary|xxx|\$\(id\)/);
  });

  test("that is not there, or is a folder, is named", () => {
    for (const file of [path.join(folder, "none.json"), folder]) expect(() => readResult(file)).toThrow("is no file");
  });
});

test("the exit code is that of the worst preview: refusals are told from failures", () => {
  const of = (exitCode: number, outcome: PreviewResult["outcome"]) => ({
    ...recordedResult("nothing-changed", "a"),
    exitCode,
    outcome,
  });
  expect(exitCodeOf([of(0, "changed"), of(0, "unchanged")])).toBe(0);
  expect(exitCodeOf([of(0, "changed"), of(2, "refused")])).toBe(2);
  expect(exitCodeOf([of(1, "failed"), of(2, "refused")])).toBe(1);
  expect(exitCodeOf([of(1, "timed out")])).toBe(1);
});
