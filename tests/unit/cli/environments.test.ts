/** The read-only commands over environments: what differs, what was verified, and whose plugins wrote the state. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { environmentDifferences } from "../../../cli/diff";
import { stateCheck, stateChecks, writersIn } from "../../../cli/doctor/state";
import { builtTable, historyOf, historyTable, runningSentence } from "../../../cli/releases/history";
import { imagesOf } from "../../../cli/releases/kept";
import { built, digits, entry, ledgers, pin, ref } from "../image/release-samples";

describe("what differs between two environments", () => {
  const file = (config: Record<string, unknown>) => ({
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`ralex:${key}`, value])),
  });

  test("is told with effective values: a default that one file writes down is no difference", () => {
    expect(environmentDifferences(file({ apiReplicas: 2 }), file({ apiLogLevel: "info" }))).toEqual([]);
    expect(environmentDifferences(file({ apiReplicas: 3 }), file({ upstreamUrl: "http://a/v1" }))).toEqual([
      { what: "apiReplicas", one: "3", other: "2" },
      { what: "upstreamUrl", one: null, other: "http://a/v1" },
    ]);
  });

  test("of a secret is only whether it is set, encrypted or, by mistake, in clear", () => {
    const set = { openrouterApiKey: { secure: "v1:canary" } };
    expect(environmentDifferences(file(set), file({}))).toEqual([
      { what: "openrouterApiKey", one: "set", other: null },
    ]);
    expect(environmentDifferences(file(set), file({ openrouterApiKey: "canary" }))).toEqual([]);
  });

  test("includes the pins, digest by digest", () => {
    expect(environmentDifferences(file({ release: pin("a") }), file({ release: pin("b") }))).toEqual([
      { what: "release", one: "r-a", other: "r-b" },
      { what: "image probe", one: ref("probe", "a"), other: ref("probe", "b") },
      { what: "image ralex-api", one: ref("ralex-api", "a"), other: ref("ralex-api", "b") },
    ]);
    const unpinned = environmentDifferences(file({}), file({ promotesFrom: "dev" }));
    expect(unpinned).toContainEqual({ what: "release", one: "the working tree", other: "none pinned" });
  });

  test("is the same seen from both sides, and nothing between a file and itself", () => {
    const one = fc.record({
      apiReplicas: fc.integer({ min: 1, max: 3 }),
      hotReload: fc.boolean(),
      release: fc.constantFrom(pin("a"), pin("b")),
    });
    fc.assert(
      fc.property(one, one, (left, right) => {
        const turned = environmentDifferences(file(right), file(left)).map((row) => ({
          ...{ what: row.what, one: row.other, other: row.one },
        }));
        expect(environmentDifferences(file(left), file(right))).toEqual(turned);
        expect(environmentDifferences(file(left), file(left))).toEqual([]);
      }),
    );
  });
});

describe("an environment's history", () => {
  test("marks the pinned and the running release once each, where it was verified last", () => {
    const history = historyOf([entry("a"), entry("b"), entry("a")], pin("a"), pin("b"));
    expect(history.map(({ pinned, running }) => [pinned, running])).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ]);
    fc.assert(
      fc.property(ledgers, digits, (ledger, digit) => {
        const marked = historyOf(ledger, pin(digit), undefined).filter(({ pinned }) => pinned);
        expect(marked).toHaveLength(ledger.some(({ id }) => id === `r-${digit}`) ? 1 : 0);
      }),
    );
  });

  test("shows who, when, what and which commit, and the builds with their platforms", () => {
    const table = historyTable(historyOf([entry("a")], pin("a"), pin("a")));
    for (const part of [
      "r-a",
      entry("a").at,
      "operator@example",
      "commit-a",
      "probe aaaaaaaaaaaa",
      "1 passed",
      "pinned",
    ]) {
      expect(table).toContain(part);
    }
    for (const part of ["r-a", "commit-a", "linux/amd64", "linux/arm64"])
      expect(builtTable([built("a")])).toContain(part);
  });

  test("says of the running release whether it is verified and published", () => {
    expect(runningSentence("prod", null)).toBe("prod does not run.");
    const running = { id: "r-a", verified: false, published: true };
    expect(runningSentence("prod", running)).toBe("prod runs r-a, which is not verified there.");
    expect(runningSentence("prod", { ...running, verified: true })).toBe("prod runs r-a, which is verified there.");
    expect(runningSentence("prod", { id: "r-a", verified: true, published: false })).toContain(
      "./ralex publish -s prod",
    );
  });

  test("asks for every image once, whatever number of releases need it", () => {
    const [a, b] = [built("a").images, built("b").images];
    const shared = { id: "r-x", images: { ...a, ...{ "ralex-api": b["ralex-api"] } } as typeof a };
    expect(imagesOf([entry("a"), shared, entry("a")])).toEqual([
      { name: "ralex-api", image: a["ralex-api"], releases: ["r-a"] },
      { name: "probe", image: a.probe, releases: ["r-a", "r-x"] },
      { name: "ralex-api", image: b["ralex-api"], releases: ["r-x"] },
    ]);
  });
});

describe("doctor, about the state of a stack", () => {
  const resource = (type: string, marked: boolean) => ({
    type,
    custom: true,
    outputs: marked ? { __standIn: "ralex" } : {},
  });
  const state = (...resources: object[]) => JSON.stringify({ version: 3, checkpoint: { latest: { resources } } });
  const container = (marked: boolean) => resource("docker:index/container:Container", marked);

  test("counts what plugins wrote, and not what is the engine's own", () => {
    const own = [resource("pulumi:providers:docker", false), { type: "ralex:docker:Stack", custom: false }];
    expect(writersIn(state(...own, container(true), container(false), container(false)))).toEqual({
      official: 2,
      standIns: 1,
    });
    expect(writersIn('{"version":3,"checkpoint":{"latest":null}}')).toEqual({ official: 0, standIns: 0 });
  });

  test("is content exactly when those serve here that wrote it", () => {
    const count = fc.nat(3);
    fc.assert(
      fc.property(count, count, fc.boolean(), (official, standIns, served) => {
        const { ok, remedy } = stateCheck("ralex/dev", { official, standIns }, served);
        expect(ok).toBe(served ? official === 0 : standIns === 0);
        expect(remedy === undefined).toBe(ok);
      }),
    );
    expect(stateCheck("ralex/dev", { official: 2, standIns: 0 }, true).detail).toBe(
      "2 resources were written by official plugins, and stand-ins serve here: they leave such state alone",
    );
    expect(stateCheck("ralex/dev", { official: 0, standIns: 2 }, false).detail).toContain("official ones serve here");
  });

  test("looks at every stack and lock of the checkout's own backend, and tells one that cannot be read", async () => {
    const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-doctor-"));
    const backend = path.join(checkout, ".ralex/state/.pulumi");
    const write = (file: string, text: string) => {
      fs.mkdirSync(path.dirname(path.join(backend, file)), { recursive: true });
      fs.writeFileSync(path.join(backend, file), text);
    };
    const answers = { name: "backend", ok: true, detail: `file://${checkout}/.ralex/state answers` };
    expect(await stateChecks(checkout, true)).toEqual([answers]);
    write("stacks/ralex/dev.json", state(container(true)));
    write("stacks/ralex/dev.json.bak", state(container(false)));
    write("stacks/ralex/prod.json", state(container(false)));
    write("stacks/ralex/test.json", "{");
    const lock = { pid: 2 ** 22 + 1, username: "ada" };
    write("locks/organization/ralex/dev/1.json", JSON.stringify({ ...lock, hostname: os.hostname() }));
    write("locks/organization/ralex/prod/2.json", JSON.stringify({ ...lock, hostname: "elsewhere" }));
    const checks = await stateChecks(checkout, true);
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["backend", true],
      ["lock of ralex/dev", true],
      ["lock of ralex/prod", true],
      ["state of ralex/dev", true],
      ["state of ralex/prod", false],
      ["state of ralex/test", false],
    ]);
    expect(checks.slice(1, 3).map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^ada@.*; gone: the next command removes it$/),
      expect.stringMatching(/^ada@elsewhere, process \d+; if that is gone: \.\/ralex unlock 2$/),
    ]);
    fs.rmSync(checkout, { recursive: true });
  });

  test("says of a backend that it cannot look at how to ask, and of one that does not answer what to do", async () => {
    expect(await stateChecks("/", true, "gs://bucket?x=y")).toEqual([
      {
        name: "backend",
        ok: true,
        detail: expect.stringMatching(/^gs:\/\/bucket, which is not looked at here: pulumi whoami/),
      },
    ]);
    const gone = "s3://bucket?endpoint=http://127.0.0.1:1&region=x&s3ForcePathStyle=true&anonymous=true";
    expect(await stateChecks("/", true, gone)).toEqual([
      {
        ...{ name: "backend", ok: false },
        ...{
          detail: expect.stringMatching(/^s3:\/\/bucket does not answer/),
          remedy: expect.stringContaining("docs/backends.md"),
        },
      },
    ]);
  });
});
