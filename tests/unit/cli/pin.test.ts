/** The pin in a stack's committed file: comments kept, one writer at a time, never half a file. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import lockfile from "proper-lockfile";
import * as yaml from "yaml";
import { EXIT } from "../../../cli/failure";
import { withPin, writePin } from "../../../cli/release/pin";
import { pin } from "../image/release-samples";

const FILE = `# prod: runs a pinned release. Keys and their meaning: Pulumi.yaml.
config:
  ralex:target: docker
  # Runs only what is verified in staging: ./ralex promote staging prod
  ralex:promotesFrom: staging
  ralex:subnet: "10.215.0.0/24" # its own

  ralex:upstreamApiKey:
    secure: v1:abc
encryptionsalt: v1:salt
`;
const pinned = (text: string): unknown =>
  (yaml.parse(text) as { config: Record<string, unknown> }).config["ralex:release"];

describe("a stack's file with another pin", () => {
  test("keeps every other line, comments and blank lines included", () => {
    const lines = withPin(FILE, pin("a")).split("\n");
    expect(lines.filter((line) => !FILE.split("\n").includes(line))).toEqual([
      "  ralex:release:",
      "    id: r-a",
      "    images:",
      `      probe: registry.example/probe@sha256:${"a".repeat(64)}`,
      `      ralex-api: registry.example/ralex-api@sha256:${"a".repeat(64)}`,
    ]);
    expect(FILE.split("\n").filter((line) => !lines.includes(line))).toEqual([]);
  });

  test("differs from the one before in the pin alone, and has one pin however often it was pinned", () => {
    const digit = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.array(digit, { minLength: 1, maxLength: 4 }), (digits) => {
        const text = digits.reduce((file, one) => withPin(file, pin(one)), FILE);
        expect(text).toBe(withPin(FILE, pin(digits.at(-1) ?? "")));
        expect(pinned(text)).toEqual(pin(digits.at(-1) ?? ""));
      }),
      { numRuns: 30 },
    );
  });

  test("is the same whatever the order in which the images are given", () => {
    const { id, images } = pin("a");
    const turned = { id, images: Object.fromEntries(Object.entries(images).reverse()) };
    expect(withPin(FILE, turned)).toBe(withPin(FILE, pin("a")));
  });

  test.each([
    ["", "an empty file"],
    ["config:\n", "no configuration yet"],
    ["config: {}\n", "an empty configuration"],
  ])("can be one with %j: %s", (text) => {
    expect(pinned(withPin(text, pin("a")))).toEqual(pin("a"));
  });

  test("is not written over a file that is no YAML", () => {
    expect(() => withPin("config: [\n  ralex:", pin("a"))).toThrow("no YAML, and was left as it is");
  });
});

describe("writing a pin", () => {
  let checkout: string;
  let file: string;
  beforeEach(() => {
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-pin-"));
    file = path.join(checkout, "Pulumi.prod.yaml");
    fs.writeFileSync(file, FILE);
  });
  afterEach(() => {
    fs.rmSync(checkout, { recursive: true });
  });

  test("changes the file, keeps its mode, and leaves nothing beside it", async () => {
    fs.chmodSync(file, 0o640);
    await writePin(checkout, "prod", pin("a"));
    expect(fs.readFileSync(file, "utf8")).toBe(withPin(FILE, pin("a")));
    expect(fs.statSync(file).mode & 0o777).toBe(0o640);
    expect(fs.readdirSync(checkout).sort()).toEqual([".ralex", "Pulumi.prod.yaml"]);
    expect(fs.readdirSync(path.join(checkout, ".ralex"))).toEqual([]);
  });

  test("while another command writes one is refused, and the file is left to that one", async () => {
    const lock = path.join(checkout, ".ralex/pin-prod");
    fs.mkdirSync(path.dirname(lock));
    const release = await lockfile.lock(lock, { realpath: false });
    const refused = await writePin(checkout, "prod", pin("a")).catch((error: unknown) => error);
    expect(refused).toMatchObject({ exitCode: EXIT.refused });
    expect(String(refused)).toContain("another command is writing the pin of prod");
    expect(fs.readFileSync(file, "utf8")).toBe(FILE);
    await release();
    await writePin(checkout, "prod", pin("a"));
    expect(fs.readFileSync(file, "utf8")).toBe(withPin(FILE, pin("a")));
  });

  test("at the same time as others ends with the whole pin of one that was not refused", async () => {
    const digits = ["a", "b", "c", "d"];
    const written = await Promise.allSettled(digits.map((digit) => writePin(checkout, "prod", pin(digit))));
    const accepted = digits.filter((_, index) => written[index]?.status === "fulfilled");
    const refused = written.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    for (const reason of refused) {
      expect(reason).toMatchObject({ message: expect.stringContaining("another command is writing") as string });
    }
    expect(accepted.map((digit) => withPin(FILE, pin(digit)))).toContain(fs.readFileSync(file, "utf8"));
  });

  test("of two environments does not hold up one another", async () => {
    const other = path.join(checkout, "Pulumi.staging.yaml");
    fs.writeFileSync(other, FILE);
    await Promise.all([writePin(checkout, "prod", pin("a")), writePin(checkout, "staging", pin("b"))]);
    expect([pinned(fs.readFileSync(file, "utf8")), pinned(fs.readFileSync(other, "utf8"))]).toEqual([
      pin("a"),
      pin("b"),
    ]);
  });

  test("goes on after a command that was killed while it wrote", async () => {
    // What such a command leaves: half a file beside, and its lock, which nobody renews.
    fs.writeFileSync(`${file}.new`, "config:\n  ralex:rel");
    const lock = path.join(checkout, ".ralex/pin-prod.lock");
    fs.mkdirSync(lock, { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    fs.utimesSync(lock, longAgo, longAgo);
    await writePin(checkout, "prod", pin("a"));
    expect(fs.readFileSync(file, "utf8")).toBe(withPin(FILE, pin("a")));
  });

  test("that cannot be written leaves the file whole, and the next one is not refused", async () => {
    const before = fs.readdirSync(checkout);
    const disk = jest.requireActual<typeof import("node:fs")>("fs");
    jest.spyOn(disk, "fsyncSync").mockImplementationOnce(() => {
      throw new Error("ENOSPC");
    });
    await expect(writePin(checkout, "prod", pin("a"))).rejects.toThrow("ENOSPC");
    expect(fs.readFileSync(file, "utf8")).toBe(FILE);
    expect(fs.readdirSync(checkout).filter((name) => name !== ".ralex")).toEqual(before);
    await writePin(checkout, "prod", pin("a"));
    expect(pinned(fs.readFileSync(file, "utf8"))).toEqual(pin("a"));
  });

  test("is never seen half done by a reader", async () => {
    let seen = 0;
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const text = fs.readFileSync(file, "utf8");
        expect([FILE, withPin(FILE, pin("a")), withPin(FILE, pin("b"))]).toContain(text);
        seen += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let turn = 0; turn < 10; turn += 1) await writePin(checkout, "prod", pin(turn % 2 === 0 ? "a" : "b"));
    reading = false;
    await reader;
    expect(seen).toBeGreaterThan(10);
  });
});
