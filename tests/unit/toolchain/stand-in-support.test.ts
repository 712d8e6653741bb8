/** What the stand-ins share: secrets on the wire, differences, checks, and what a build reads. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { ignoredBy } from "../../../components/image/dockerignore";
import { contextHash } from "../../../toolchain/pulumi/plugins/docker-build/context";
import { splitTag } from "../../../toolchain/pulumi/plugins/docker-build/registry";
import { contradiction, randomText } from "../../../toolchain/pulumi/plugins/random/characters";
import { differences, isBlank, pathText } from "../../../toolchain/pulumi/plugins/support/diff";
import { close, open, UNKNOWN } from "../../../toolchain/pulumi/plugins/support/wire";

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

describe("secrets on the wire", () => {
  test("are opened with their places, and closed again where they were", () => {
    const wire = { a: secret("x"), list: [1, secret({ deep: "y" })], map: { k: secret("z") } };
    const opened = open(wire);
    expect(opened.values).toEqual({ a: "x", list: [1, { deep: "y" }], map: { k: "z" } });
    expect(close(opened.values, opened.secrets)).toEqual(wire);
  });

  test("keep a mark when the value around them has changed its shape", () => {
    const { secrets } = open({ list: ["a", secret("b")] });
    expect(close({ list: ["b"] }, secrets)).toEqual({ list: secret(["b"]) });
  });

  test("never show in what is closed, whatever their place", () => {
    const leaf = fc.constantFrom<unknown>("plain", 1, true, secret("CANARY"), secret({ in: ["CANARY"] }));
    const tree = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.oneof(leaf, fc.array(leaf)));
    fc.assert(
      fc.property(tree, (wire) => {
        const { values, secrets } = open(wire);
        const visible = JSON.stringify(close(values, secrets), (_, value: unknown) =>
          typeof value === "object" && value !== null && "4dabf18193072939515e22adb298388d" in value ? "hidden" : value,
        );
        expect(visible).not.toContain("CANARY");
      }),
    );
  });
});

describe("differences", () => {
  const found = (...args: Parameters<typeof differences>) =>
    differences(...args).map(({ path, change }) => `${change} ${pathText(path)}`);

  test("are found as deep as both sides have the same shape", () => {
    const before = { ports: [{ external: 1, ip: "a" }], gone: 1, same: { x: [1] } };
    const after = { ports: [{ external: 2, ip: "a" }], same: { x: [1] }, come: true };
    expect(found(before, after)).toEqual(["UPDATE ports[0].external", "DELETE gone", "ADD come"]);
  });

  test("do not count the order of a set, absent against null, or names that the engine hides", () => {
    expect(found({ envs: ["a", "b"], x: null, __mark: 1 }, { envs: ["b", "a"] }, new Set(["envs"]))).toEqual([]);
    expect(found({ envs: ["a", "b"] }, { envs: ["b", "a"] })).not.toEqual([]);
  });

  test("do not count what is blank on both sides, at any depth, where that is nothing", () => {
    const before = { a: "", b: 0, c: [{ x: 1, off: false }], d: {}, e: 1 };
    const after = { c: [{ x: 1 }], d: null, e: 0 };
    const blank = differences(before, after, new Set(["c"]), isBlank);
    expect(blank.map(({ path, change }) => `${change} ${pathText(path)}`)).toEqual(["UPDATE e"]);
    expect(found(before, after)).toContain("DELETE b");
  });

  test("count what is not known yet as changed", () => {
    expect(found({ image: "x" }, { image: UNKNOWN })).toEqual(["UPDATE image"]);
  });
});

describe("what a build reads", () => {
  test.each([
    ["*\n!src", "src/a.py", false],
    ["*\n!src", "other", true],
    ["*\n!src/deep/a.py", "src/deep/a.py", false],
    ["*\n!src/deep/a.py", "src/deep/b.py", true],
    ["node_modules", "node_modules/x/y", true],
    ["node_modules", "sub/node_modules/x", false],
    ["**/__pycache__", "a/b/__pycache__/c.pyc", true],
    ["*.md\n!README.md", "README.md", false],
    ["# note\n\n/docs/", "docs/x", true],
    ["a?c", "abc", true],
  ])("by .dockerignore %j, %s is ignored: %s", (text, file, expected) => {
    expect(ignoredBy(text).ignores(file)).toBe(expected);
  });

  test("changes its hash with contents, names and the executable bit, and with nothing else", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-context-"));
    const file = path.join(folder, "a.sh");
    fs.writeFileSync(path.join(folder, "Dockerfile"), "FROM scratch");
    fs.writeFileSync(path.join(folder, "Dockerfile.dockerignore"), "ignored");
    fs.writeFileSync(file, "1");
    const sources = { context: folder, dockerfile: path.join(folder, "Dockerfile"), inline: undefined, named: {} };
    const hashes = [contextHash(sources)];
    const unchanged = () => expect(contextHash(sources)).toBe(hashes.at(-1));
    fs.writeFileSync(path.join(folder, "ignored"), "x");
    unchanged();
    fs.chmodSync(file, 0o600);
    fs.utimesSync(file, 1, 1);
    unchanged();
    for (const change of [
      () => fs.writeFileSync(file, "2"),
      () => fs.chmodSync(file, 0o755),
      () => fs.renameSync(file, path.join(folder, "b.sh")),
      () => fs.writeFileSync(path.join(folder, "Dockerfile"), "FROM other"),
    ]) {
      change();
      hashes.push(contextHash(sources));
    }
    expect(new Set(hashes).size).toBe(5);
    fs.rmSync(folder, { recursive: true });
  });

  test("is pushed to the registry that its tag names", () => {
    expect(splitTag("127.0.0.1:5055/a/b:1")).toEqual({ host: "127.0.0.1:5055", path: "a/b" });
    expect(splitTag("ghcr.io/o/i")).toEqual({ host: "ghcr.io", path: "o/i" });
    expect(splitTag("redis:7")).toEqual({ host: "registry-1.docker.io", path: "library/redis" });
  });
});

test("random texts satisfy every rule that can be satisfied", () => {
  const least = fc.integer({ min: 0, max: 5 });
  const rules = fc.record({
    length: fc.integer({ min: 1, max: 60 }),
    lower: fc.boolean(),
    upper: fc.boolean(),
    numeric: fc.boolean(),
    special: fc.boolean(),
    overrideSpecial: fc.constantFrom(undefined, "_-"),
    minLower: least,
    minUpper: least,
    minNumeric: least,
    minSpecial: least,
  });
  fc.assert(
    fc.property(rules, (rule) => {
      fc.pre(contradiction(rule) === undefined);
      const text = randomText(rule);
      const count = (expression: RegExp) => (text.match(expression) ?? []).length;
      expect(text).toHaveLength(rule.length);
      expect(count(/[a-z]/g)).toBeGreaterThanOrEqual(rule.minLower);
      expect(count(/[A-Z]/g)).toBeGreaterThanOrEqual(rule.minUpper);
      expect(count(/[0-9]/g)).toBeGreaterThanOrEqual(rule.minNumeric);
      expect(count(/[^a-zA-Z0-9]/g)).toBeGreaterThanOrEqual(rule.minSpecial);
      if (!rule.upper && rule.minUpper === 0) expect(count(/[A-Z]/g)).toBe(0);
    }),
  );
});
