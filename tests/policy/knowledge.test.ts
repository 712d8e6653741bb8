/** What the pack knows of images and releases, and that not knowing is never taken for good. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { evidenceFile, readEvidence } from "../../components/image/evidence/read";
import type { LedgerEntry } from "../../components/image/ledger";
import type { StackReader } from "../../components/image/pin-check";
import type { ReleaseImages } from "../../components/image/releases";
import { DEFAULTS } from "../../policy/configuration";
import { configurationOf } from "../../policy/knowledge/configuration-file";
import type { Elsewhere } from "../../policy/knowledge/elsewhere";
import { ImageKnowledge } from "../../policy/knowledge/image-facts";
import { KNOWN_VIOLATIONS, knownFrom, writeKnown } from "../../policy/knowledge/known-violations";
import { knownRelease } from "../../policy/knowledge/release-facts";
import { stackKnowledge } from "../../policy/knowledge/stack";
import { DIGEST, KEY, REF, sealed } from "../unit/image/evidence-sample";

const POSTGRES = `docker.io/library/postgres@sha256:${"c".repeat(64)}`;
let checkout: string;
beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-knowledge-"));
  fs.mkdirSync(path.join(checkout, "policy/config"), { recursive: true });
});
afterEach(() => fs.rmSync(checkout, { recursive: true }));

const write = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
};

const nowhere: StackReader = { ledger: () => Promise.resolve(undefined), releases: () => Promise.resolve(undefined) };
const place = (changes: Partial<Elsewhere> = {}): Elsewhere => ({
  evidenceHere: (folder, ref) => Promise.resolve(readEvidence(folder, ref, () => ({ keys: [KEY.publicKey] }))),
  evidenceAnywhere: () => Promise.resolve(undefined),
  ledgers: () => nowhere,
  ...changes,
});

async function factsOf(
  ref: string,
  {
    images = {},
    isPromoted = false,
    elsewhere = place(),
  }: { images?: ReleaseImages; isPromoted?: boolean; elsewhere?: Elsewhere } = {},
) {
  const knowledge = new ImageKnowledge(checkout, images, isPromoted, () => Promise.resolve(elsewhere));
  await knowledge.gather(ref);
  return knowledge.of(ref);
}

describe("of an image", () => {
  test("the evidence is that of the checkout in development", async () => {
    write(evidenceFile(checkout, REF), JSON.stringify(sealed()));
    expect(await factsOf(REF)).toMatchObject({ isOwn: true, evidence: { image: REF }, problem: undefined });
  });

  test("and of the registry too where others promote to", async () => {
    const asked: unknown[] = [];
    const elsewhere = place({
      evidenceAnywhere: (...question) => {
        asked.push(question);
        return Promise.resolve(sealed());
      },
    });
    expect(await factsOf(REF, { isPromoted: true, elsewhere })).toMatchObject({ evidence: { image: REF } });
    expect(asked).toEqual([[checkout, REF, undefined]]);
  });

  test.each<[string, string, RegExp]>([
    ["that breaks off", JSON.stringify(sealed()).slice(0, -20), /is no JSON/],
    ["that was altered", JSON.stringify({ ...sealed(), revision: "another" }), /altered after it was sealed/],
    [
      "of another digest",
      JSON.stringify({ ...sealed(), image: REF.replace(DIGEST, `sha256:${"9".repeat(64)}`) }),
      /it is of sha256:9/,
    ],
    ["with nothing in it", "{}", /is refused/],
  ])("evidence %s is none, and says why", async (_, text, problem) => {
    write(evidenceFile(checkout, REF), text);
    expect(await factsOf(REF)).toEqual({
      ...{ isOwn: true, name: undefined, evidence: undefined },
      problem: expect.stringMatching(problem) as string,
    });
  });

  test("there is none where nobody made it, or the registry does not answer", async () => {
    expect(await factsOf(REF)).toMatchObject({ evidence: undefined, problem: "there is no evidence of it" });
    const elsewhere = place({ evidenceAnywhere: () => Promise.reject(new Error("connection refused")) });
    expect(await factsOf(REF, { isPromoted: true, elsewhere })).toMatchObject({ problem: "connection refused" });
  });

  test("a registry that hangs is waited for 5 s", async () => {
    jest.useFakeTimers();
    try {
      const elsewhere = place({ evidenceAnywhere: () => new Promise(() => undefined) });
      const facts = factsOf(REF, { isPromoted: true, elsewhere });
      await jest.advanceTimersByTimeAsync(5_000);
      expect(await facts).toMatchObject({
        problem: "its registry did not answer in 5 s, so there is no evidence of it",
      });
    } finally {
      jest.useRealTimers();
    }
  });

  test("nothing is said before it was gathered", () => {
    const knowledge = new ImageKnowledge(checkout, {}, false, () => Promise.resolve(place()));
    expect(() => knowledge.of(REF)).toThrow("nothing was gathered");
  });

  const entry = {
    ...{ repository: "docker.io/library/postgres", tag: "15", digest: POSTGRES.split("@")[1] },
    platforms: ["linux/amd64"],
    sizeBudgetMiB: 10,
  };

  test("the image lock tells a third party's by its digest, whatever the mirror", async () => {
    write(path.join(checkout, "images/images.lock.json"), JSON.stringify({ postgres: entry }));
    expect(await factsOf(POSTGRES.replace("docker.io/library", "mirror.example"))).toEqual({
      ...{ isOwn: false, name: "postgres", platforms: ["linux/amd64"], budget: 10 * 2 ** 20, isSubstitute: false },
      evidence: undefined,
    });
  });

  test("the release's record tells the names of ours, and what stands in for an official one", async () => {
    const images: ReleaseImages = {
      "ralex-api": { ref: REF, platforms: ["linux/amd64"] },
      postgres: {
        ref: POSTGRES,
        platforms: ["linux/amd64"],
        thirdParty: { tag: "15", sizeBudgetMiB: 1, substitute: true },
      },
    };
    const elsewhere = place({ evidenceAnywhere: () => Promise.reject(new Error("nobody may ask")) });
    expect(await factsOf(POSTGRES, { images, isPromoted: true, elsewhere })).toMatchObject({
      isSubstitute: true,
      evidence: undefined,
    });
    expect(await factsOf(REF, { images })).toMatchObject({ isOwn: true, name: "ralex-api" });
  });
});

describe("of the pinned release", () => {
  const pin = { id: "r-1", images: { "ralex-api": REF } };
  const entry: LedgerEntry = {
    ...{ id: "r-1", images: { "ralex-api": { ref: REF, platforms: [] } }, ran: ["ralex-api"], revision: "abc" },
    ...{
      createdAt: "2026-11-01T00:00:00Z",
      schema: { version: 1, barriers: [] },
      at: "2026-11-02T00:00:00Z",
      actor: "me",
    },
    checks: [{ name: "a check", passed: true, detail: "" }],
  };
  const environment = { stack: "prod", promotesFrom: "staging", pin, configuration: DEFAULTS };
  const known = (changes: object, elsewhere = place()) =>
    knownRelease({ checkout, ...environment, ...changes }, () => Promise.resolve(elsewhere));
  const ledgers = (entries: Readonly<Record<string, LedgerEntry[]>>) =>
    place({ ledgers: () => ({ ...nowhere, ledger: (name) => Promise.resolve(entries[name]) }) });

  test("there is nothing to say where none is pinned", async () => {
    expect(await known({ pin: undefined })).toEqual({ facts: undefined, images: {} });
  });

  test("one that was verified here may run, whatever is with the other stacks", async () => {
    const { facts, images } = await known({}, ledgers({ prod: [entry] }));
    expect(facts).toEqual({ ...pin, refusal: undefined });
    expect(images).toEqual(entry.images);
  });

  test("one that the environment before has not verified is refused", async () => {
    expect((await known({}, ledgers({ staging: [] }))).facts?.refusal).toContain("r-1 is not verified in staging");
  });

  test("one is refused where the ledgers cannot be read", async () => {
    const elsewhere = place({
      ledgers: () => {
        throw new Error("PULUMI_BACKEND_URL is not set");
      },
    });
    expect((await known({}, elsewhere)).facts?.refusal).toBe(
      "the ledgers cannot be read: PULUMI_BACKEND_URL is not set",
    );
  });

  test("one is refused where the environment takes releases from another than the configuration has before it", async () => {
    const configuration = { ...DEFAULTS, environments: ["dev", "staging", "prod"] };
    for (const promotesFrom of ["dev", undefined]) {
      const { facts } = await known({ configuration, promotesFrom }, ledgers({ prod: [entry] }));
      expect(facts?.refusal).toContain("set ralex:promotesFrom to staging");
    }
  });
});

describe("of a stack", () => {
  const open = (stack: string, settings: Readonly<Record<string, string>> = {}) =>
    stackKnowledge(checkout, stack, settings, () => Promise.resolve(place()));

  test("others promote to it where it says so, or its place in the order does", async () => {
    expect((await open("dev", { "ralex:promotesFrom": "" })).context.isPromoted).toBe(false);
    expect((await open("any", { "ralex:promotesFrom": "dev" })).context.isPromoted).toBe(true);
    write(path.join(checkout, "policy/config/prod.json"), '{"environments": ["dev", "prod"]}');
    expect((await open("prod")).context.isPromoted).toBe(true);
  });

  test("the configuration is that of its name, and a name that is none opens no file", () => {
    expect(configurationOf(checkout, "dev")).toEqual(DEFAULTS);
    expect(() => configurationOf(checkout, "../../secrets")).toThrow('"../../secrets" is no name of a stack');
  });

  test("undecided findings close the gate in CI, unless the configuration says otherwise", async () => {
    const before = process.env.CI;
    try {
      process.env.CI = "true";
      expect((await open("dev")).circumstances.failOnUndecided).toBe(true);
      write(path.join(checkout, "policy/config/dev.json"), '{"failOnUndecided": false}');
      expect((await open("dev")).circumstances.failOnUndecided).toBe(false);
    } finally {
      process.env.CI = before;
    }
  });

  test("what a rollback knows is read from its file, and a file that is none lets nothing through", () => {
    const file = path.join(checkout, "known.json");
    writeKnown(file, ["IMG-01 urn path"]);
    expect(knownFrom({ [KNOWN_VIOLATIONS]: file })).toEqual(new Set(["IMG-01 urn path"]));
    expect(knownFrom({})).toEqual(new Set());
    write(file, '{"all": true}');
    expect(() => knownFrom({ [KNOWN_VIOLATIONS]: file })).toThrow();
  });
});

test("the committed configurations are what they are meant to be", () => {
  const repository = path.resolve(__dirname, "../..");
  for (const stack of ["dev", "staging", "prod"]) {
    expect(configurationOf(repository, stack)).toMatchObject({
      environments: ["dev", "staging", "prod"],
      vulnerabilityEvidence: "unavailable",
      exceptions: [],
    });
  }
});
