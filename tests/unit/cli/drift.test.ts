/** What drift reads of the engine, of Docker and of the last update, and what it shows and sends of it. */
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { alertBody, readReceiver, sendAlert } from "../../../cli/drift/alert";
import { containerDifferences, expectedContainers } from "../../../cli/targets/docker/drift";
import { differencesOf, parsePath, parseReport, refreshed, type RefreshReport } from "../../../cli/drift/engine";
import { driftLines, driftTable, SECRET, type Difference } from "../../../cli/drift/report";
import { shown, shownPair } from "../../../cli/drift/shown";
import { Workspace } from "../../../cli/workspace";
import { settingDifferences, type UpdateConfig } from "../../../cli/drift/settings";
import { pin, ref } from "../image/release-samples";

const URN = "urn:pulumi:test::ralex::ralex:docker:Service$docker:index/container:Container::ralex-redis-0";
const TYPE = "docker:index/container:Container";
type Step = NonNullable<RefreshReport["steps"]>[number];

const step = (change: Partial<Step>): RefreshReport => ({ steps: [{ op: "update", urn: URN, ...change }] });
const updated = (path: string, before: object, after: object, inputDiff = true): RefreshReport =>
  step({
    oldState: { type: TYPE, inputs: { ...before } },
    newState: { type: TYPE, inputs: { ...after } },
    detailedDiff: { [path]: { inputDiff } },
  });

test("the engine's refresh is announced on standard error, so that standard output stays JSON", async () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-drift-"));
  fs.writeFileSync(path.join(checkout, "pulumi"), `#!/bin/sh\necho '{"steps":[]}'\n`, { mode: 0o755 });
  const workspace = new Workspace(checkout, { env: { PATH: `${checkout}:${process.env.PATH}` }, standIns: [] });
  const told = jest.spyOn(console, "error").mockReturnValue(undefined);
  const printed = jest.spyOn(console, "log").mockReturnValue(undefined);
  expect(await refreshed(workspace, "dev", "dev.yaml")).toEqual([]);
  expect(told.mock.calls).toEqual([["comparing every resource of dev with what runs, which takes some seconds"]]);
  expect(printed).not.toHaveBeenCalled();
  jest.restoreAllMocks();
  fs.rmSync(checkout, { recursive: true });
});

describe("what the engine's refresh says", () => {
  test("is a row a property, with the value of the state and the one that is there", () => {
    const report = updated("memory", { name: "redis", memory: 256 }, { name: "redis", memory: 300 });
    expect(differencesOf(report)).toEqual([
      {
        ...{ from: "resource", subject: "ralex-redis-0 (Container)", urn: URN, physicalName: "redis" },
        ...{ property: "memory", expected: 256, actual: 300 },
      },
    ]);
  });

  test("is looked up inside lists and maps, and in the outputs where it is no input", () => {
    const networks = (...names: string[]) => ({ networksAdvanced: names.map((name) => ({ name })) });
    const [network] = differencesOf(updated("networksAdvanced[1]", networks("a", "b"), networks("a")));
    expect([network?.expected, network?.actual]).toEqual([{ name: "b" }, undefined]);
    const [label] = differencesOf(updated('labels["a.b"].c', { labels: { "a.b": { c: 1 } } }, { labels: {} }));
    expect([label?.expected, label?.actual]).toEqual([1, undefined]);
    const outputs = step({
      oldState: { type: TYPE, inputs: { size: 1 }, outputs: { size: 2 } },
      newState: { type: TYPE, inputs: { size: 1 }, outputs: { size: 3 } },
      detailedDiff: { size: { inputDiff: false } },
    });
    expect(differencesOf(outputs)).toMatchObject([{ property: "size", expected: 2, actual: 3 }]);
  });

  test("is shown in the values that differ, wherever they stand", () => {
    const report = (before: object, after: object, inputDiff: boolean) =>
      step({
        oldState: { type: TYPE, ...before },
        newState: { type: TYPE, ...after },
        detailedDiff: { cpus: { inputDiff } },
      });
    const [one, decimal] = [{ cpus: "1" }, { cpus: "1.0" }];
    for (const found of [
      report({ inputs: one, outputs: decimal }, { inputs: decimal, outputs: decimal }, false),
      report({ inputs: one, outputs: decimal }, { inputs: one, outputs: decimal }, false),
      report({ inputs: one, outputs: decimal }, { inputs: one, outputs: decimal }, true),
      report({ inputs: one, outputs: one }, { inputs: one, outputs: decimal }, true),
    ]) {
      expect(differencesOf(found)).toMatchObject([{ property: "cpus", expected: "1", actual: "1.0" }]);
    }
  });

  test("is what differs, where the provider reads an input back in another form and keeps that as its output", () => {
    const reread = step({
      oldState: { type: TYPE, inputs: { cpus: "1" }, outputs: { cpus: "1.0" } },
      newState: { type: TYPE, inputs: { cpus: "1.0" }, outputs: { cpus: "1.0" } },
      detailedDiff: { cpus: { inputDiff: false } },
    });
    expect(differencesOf(reread)).toMatchObject([{ property: "cpus", expected: "1", actual: "1.0" }]);
  });

  test("of a resource that is gone is told as gone", () => {
    const gone = step({ op: "delete", oldState: { type: TYPE, inputs: { name: "redis" } }, detailedDiff: null });
    expect(differencesOf(gone)).toMatchObject([{ property: "", expected: "exists", actual: "gone" }]);
  });

  test("is found in the values where the provider does not say which properties changed", () => {
    const report = step({
      oldState: { type: TYPE, inputs: { a: 1, b: [1] }, outputs: { a: 1, id: "x" } },
      newState: { type: TYPE, inputs: { a: 2, b: [1] }, outputs: { a: 2, id: "y" } },
      detailedDiff: null,
    });
    expect(differencesOf(report)).toMatchObject([
      { property: "a", expected: 1, actual: 2 },
      { property: "id", expected: "x", actual: "y" },
    ]);
  });

  test("is nothing for what is as it was", () => {
    for (const op of ["same", "refresh", "read"]) expect(differencesOf(step({ op, detailedDiff: null }))).toEqual([]);
    expect(differencesOf({})).toEqual([]);
  });

  test("that is no JSON, or JSON of another shape, is no report", () => {
    for (const text of ["", "error: no stack", "[]", '{"steps": 1}']) expect(parseReport(text)).toBeUndefined();
  });

  test("names paths that lead back to where they came from", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]*$/);
    const quoted = fc.string({ minLength: 1 });
    const one = fc.oneof(
      fc.nat(99).map((index) => ({ text: `[${index}]`, step: String(index) })),
      quoted.map((key) => ({ text: `["${key.replace(/["\\]/g, "\\$&")}"]`, step: key })),
      name.map((key) => ({ text: `.${key}`, step: key })),
    );
    fc.assert(
      fc.property(name, fc.array(one), (first, rest) => {
        const text = first + rest.map((part) => part.text).join("");
        expect(parsePath(text)).toEqual([first, ...rest.map((part) => part.step)]);
      }),
    );
  });

  test("shows neither value of a property that holds a secret on one side, however deep", () => {
    const CANARY = "canary-7f3a";
    // Anything in which the state or the machine has a secret; the other side is in clear.
    const wrap = fc.constantFrom<(value: unknown) => unknown>(
      (value) => value,
      (value) => [value],
      (value) => ({ deep: [{ deeper: value }] }),
    );
    const path = fc.constantFrom("stdin", "stdin[0]", "stdin.deep", "stdin.deep[0].deeper", 'stdin["deep"]');
    fc.assert(
      fc.property(wrap, wrap, path, fc.boolean(), fc.boolean(), (one, other, at, turned, said) => {
        const sides = [{ stdin: one(SECRET) }, { stdin: other(CANARY) }];
        const [before, after] = turned ? [sides[1], sides[0]] : sides;
        const report = updated(at, before ?? {}, after ?? {});
        const found = differencesOf(said ? report : step({ ...report.steps?.[0], detailedDiff: null }));
        const sent = JSON.stringify(alertBody(new URL("http://chat.example/x"), "test", found));
        expect(found).not.toEqual([]);
        expect(JSON.stringify(found) + driftTable(found) + sent).not.toContain(CANARY);
      }),
    );
  });
});

describe("running containers", () => {
  const image = ref("redis", "a");
  const runs = (digests: readonly string[], status = "running") => ({ running: status === "running", status, digests });

  test("are expected once a replica, and not at all of a service that is stopped", () => {
    const services = { api: { image, replicas: 2 }, redis: { image, replicas: 1 }, edge: { image, replicas: 0 } };
    expect(expectedContainers("ralex-test", services)).toEqual({
      "ralex-test-api-0": image,
      "ralex-test-api-1": image,
      "ralex-test-redis": image,
    });
  });

  test("of the digest that the stack says are no drift, whatever else the image is called", () => {
    expect(containerDifferences({ a: image }, { a: runs([ref("mirror", "a"), image]) }, new Set())).toEqual([]);
  });

  test("of another digest, or of an image that no registry knows, are drift", () => {
    const rows = containerDifferences({ a: image, b: image }, { a: runs([ref("redis", "b")]), b: runs([]) }, new Set());
    expect(rows).toEqual([
      { from: "container", subject: "a", property: "image", expected: image, actual: ref("redis", "b") },
      { from: "container", subject: "b", property: "image", expected: image, actual: "an image without a digest" },
    ]);
  });

  test("that are gone or stopped are told once: the engine's word is enough", () => {
    const found = { a: undefined, b: runs([image], "exited") };
    expect(containerDifferences({ a: image, b: image }, found, new Set()).map(({ actual }) => actual)).toEqual([
      "gone",
      "exited",
    ]);
    expect(containerDifferences({ a: image, b: image }, found, new Set(["a", "b"]))).toEqual([]);
  });
});

describe("settings against the last update", () => {
  const last = (config: Record<string, string>): UpdateConfig =>
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`ralex:${key}`, { value, secret: false }]));
  const of = (config: Record<string, unknown>, before: UpdateConfig) =>
    settingDifferences(
      "Pulumi.test.yaml",
      { config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`ralex:${key}`, value])) },
      before,
    ).map(({ property, expected, actual }) => [property, expected, actual]);

  test("are no drift when the update had what the file or a default says, written or not", () => {
    expect(of({ apiReplicas: 3 }, last({ apiReplicas: "3", apiLogLevel: "info", upstreamUrl: "" }))).toEqual([]);
    expect(of({ apiReplicas: "3", hotReload: false }, last({ apiReplicas: "3" }))).toEqual([]);
  });

  test("that were changed in the file since, and not applied, are drift", () => {
    expect(of({ apiReplicas: 3 }, last({ apiReplicas: "2" }))).toEqual([["apiReplicas", "3", "2"]]);
    expect(of({}, last({ upstreamUrl: "http://a/v1" }))).toEqual([["upstreamUrl", "not set", "http://a/v1"]]);
  });

  test("that start and stop decide are not the file's", () => {
    expect(of({}, last({ running: "false" }))).toEqual([]);
  });

  test("tell of a secret only whether it is set", () => {
    const secret = { "ralex:openrouterApiKey": { secret: true } };
    expect(of({}, secret)).toEqual([["openrouterApiKey", "not set", "set"]]);
    expect(of({ openrouterApiKey: { secure: "v1:x" } }, {})).toEqual([["openrouterApiKey", "set", "not set"]]);
    expect(of({ openrouterApiKey: { secure: "v1:x" } }, secret)).toEqual([]);
    expect(of({}, { "ralex:removedKey": { secret: true } })).toEqual([["removedKey", "not set", SECRET]]);
  });

  test("include the pin, whatever the order of its images", () => {
    const turned = { id: "r-a", images: Object.fromEntries(Object.entries(pin("a").images).reverse()) };
    expect(of({ release: pin("a") }, last({ release: JSON.stringify(turned) }))).toEqual([]);
    const [[property, expected, actual] = []] = of({ release: pin("b") }, last({ release: JSON.stringify(turned) }));
    expect([property, expected, actual]).toEqual([
      "release",
      expect.stringContaining("r-b, probe registry.example/probe@sha256:bbb"),
      expect.stringContaining("r-a, probe registry.example/probe@sha256:aaa"),
    ]);
    expect(of({ release: pin("b") }, {})).toMatchObject([["release", expect.any(String), "not set"]]);
  });
});

describe("an alert", () => {
  const rows = (count: number): readonly Difference[] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ from: "resource", subject: `redis-${index}`, property: "memory", expected: 256, actual: 300 },
    }));

  test("for Alertmanager has its shape, for a chat a text", () => {
    const description = "redis-0 memory: expected 256, is 300";
    const summary = "test has drifted: 1 difference";
    const labels = { alertname: "RalexDrift", severity: "warning", stack: "test" };
    for (const url of ["http://a:9093/api/v2/alerts", "http://a/prefix/api/v2/alerts/"]) {
      expect(alertBody(new URL(url), "test", rows(1))).toEqual([{ labels, annotations: { description, summary } }]);
    }
    expect(alertBody(new URL("https://hooks.example/services/x"), "test", rows(1))).toEqual({
      text: `${summary}\n${description}`,
    });
  });

  test.each([
    ["of another type", 1, "1", ["1 (number)", "1 (string)"]],
    ["of another type, in a flag", true, "true", ["true (boolean)", "true (string)"]],
    ["in white space at its end", "a ", "a", ['"a "', '"a"']],
    ["in white space that looks alike", "a\u00a0b", "a b", [String.raw`"a\u00a0b"`, '"a b"']],
    ["in how it is written", "1", "1.0", ["1", "1.0"]],
    ["in the order of a list", ["a", "b"], ["b", "a"], ['["a","b"]', '["b","a"]']],
    ["not at all", "1.0", "1.0", ["1.0", "1.0 (the same; the provider does not say what differs)"]],
    ["by not being there", undefined, "-", ["- (nothing)", "- (string)"]],
  ])("shows a value that differs %s so that one sees it", (_, expected, actual, texts) => {
    expect(shownPair(expected, actual)).toEqual(texts);
  });

  test("shows two values that differ as two texts, of a bounded length, whatever they are", () => {
    const value = fc.oneof(fc.jsonValue(), fc.string({ minLength: 150, maxLength: 400 }), fc.constant(undefined));
    const tail = fc.tuple(fc.string({ minLength: 200 }), fc.string(), fc.string());
    const pair = fc.oneof(
      fc.tuple(value, value),
      tail.map(([start, one, other]) => [start + one, start + other] as const),
    );
    fc.assert(
      fc.property(pair, ([expected, actual]) => {
        const [one, other] = shownPair(expected, actual);
        expect(one).not.toBe(other);
        for (const text of [one, other]) expect(text.length).toBeLessThan(250);
      }),
    );
  });

  test("is bounded: long values are cut, and many rows are counted", () => {
    const lines = driftLines(rows(30), 20);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe("and 10 more");
    expect(shown("x".repeat(5000)).length).toBeLessThan(200);
  });

  test("goes to an address on the command line or in a file; nothing of a wrong one is repeated", () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-alert-")), "url");
    fs.writeFileSync(file, "https://hooks.example/services/canary\n");
    expect(readReceiver(`@${file}`).url.href).toBe("https://hooks.example/services/canary");
    for (const wrong of ["canary", "ftp://canary", ""]) {
      expect(() => readReceiver(wrong)).toThrow(/^--alert needs an http or https URL, or @ and a file with one in it$/);
    }
    expect(() => readReceiver(`@${file}.no`)).toThrow("the file of --alert cannot be read");
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  describe("that is sent", () => {
    let server: http.Server;
    let seen: { headers: http.IncomingHttpHeaders; body: string }[];
    let status: number;
    const address = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
    beforeEach(async () => {
      seen = [];
      status = 200;
      server = http.createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += String(part)));
        request.on("end", () => {
          seen.push({ headers: request.headers, body });
          response.writeHead(status).end("no canary");
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    test("arrives as JSON, with the credentials of the address in a header", async () => {
      await sendAlert(readReceiver(`http://user:p%40ss@${address()}/api/v2/alerts`), [{ a: 1 }]);
      expect(seen).toMatchObject([
        {
          body: '[{"a":1}]',
          headers: {
            "content-type": "application/json",
            authorization: `Basic ${Buffer.from("user:p@ss").toString("base64")}`,
          },
        },
      ]);
    });

    test("and refused is an error that does not repeat the address, which may be a secret", async () => {
      status = 403;
      const sent = sendAlert(readReceiver(`http://${address()}/services/canary`), {});
      await expect(sent).rejects.toThrow(`the drift was not told to ${address()}: it answered with status 403`);
    });

    test("to nobody is an error that says why", async () => {
      await expect(sendAlert(readReceiver("http://127.0.0.1:1/canary"), {})).rejects.toThrow(
        /^the drift was not told to 127\.0\.0\.1:1: \S+$/,
      );
    });
  });
});
