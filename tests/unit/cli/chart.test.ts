/** The committed chart is what the model gives; what Helm makes of it, the engine tier shows. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { chartFiles, staleFiles, writeChart } from "../../../cli/render/chart";
import { combinationsOf, Merger, type Dimension } from "../../../cli/render/chart/merge";
import { document } from "../../../cli/render/documents";
import { CHART_FOLDER } from "../../../cli/render/names";
import { COMMITTED_LOCK } from "../../../components/image/lock";

const CHECKOUT = path.resolve(__dirname, "../../..");
const files = chartFiles(CHECKOUT);

describe("charts/ralex", () => {
  test("is up to date; ./ralex render helm writes it", () => {
    expect(staleFiles(path.join(CHECKOUT, CHART_FOLDER), files)).toEqual([]);
  });

  test("is written once and then stays, with what is no part of it removed, and takes no other folder's place", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-chart-"));
    try {
      expect(writeChart(folder, files)).toHaveLength(Object.keys(files).length);
      expect(writeChart(folder, files)).toEqual([]);
      fs.writeFileSync(path.join(folder, "values-old.yaml"), "");
      fs.appendFileSync(path.join(folder, "values.yaml"), "more: 1\n");
      expect(staleFiles(folder, files)).toEqual(["values-old.yaml", "values.yaml"]);
      writeChart(folder, files);
      expect(staleFiles(folder, files)).toEqual([]);
      fs.rmSync(path.join(folder, "Chart.yaml"));
      expect(() => writeChart(folder, files)).toThrow("no Chart.yaml: choose an empty folder");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  test("has the digests of the committed lock and no other, and no function that makes or looks up a secret", () => {
    const lock = fs.readFileSync(path.join(CHECKOUT, COMMITTED_LOCK), "utf8");
    const text = Object.values(files).join("\n");
    const digests = [...text.matchAll(/sha256:[0-9a-f]{64}/g)].map(([digest]) => digest);
    expect(digests.length).toBeGreaterThan(5);
    expect(digests.filter((digest) => !lock.includes(digest))).toEqual([]);
    expect(text).not.toMatch(
      /\b(lookup|rand[A-Z]\w+|gen(CA|PrivateKey|SelfSignedCert|SignedCert)\w*|derivePassword)\b/,
    );
    expect(Object.keys(files).filter((name) => /templates\/secret-/.test(name))).toEqual([]);
  });

  test("keeps its claims when a release is removed", () => {
    const claims = Object.entries(files).filter(([name]) => name.includes("persistentvolumeclaim-"));
    expect(claims).toHaveLength(6);
    for (const [, text] of claims) expect(text).toContain("helm.sh/resource-policy: keep");
  });
});

describe("variants of a tree", () => {
  const dimension = (name: string, ...options: readonly string[]): Dimension => ({
    name,
    options: options.map((option) => ({ name: option, when: `(${name} ${option})` })),
  });
  const merged = (dimensions: readonly Dimension[], value: (of: Readonly<Record<string, string>>) => unknown) => {
    const merger = new Merger(dimensions);
    const variants = combinationsOf(dimensions).map((combination) => ({ combination, value: value(combination) }));
    return merger.templated(document(merger.merge(variants)));
  };

  test("say what they have in common once, and what differs under its condition", () => {
    const text = merged([dimension("size", "s", "m", "l"), dimension("key", "no", "yes")], ({ size, key }) => ({
      kind: "X",
      ...(size === "l" ? {} : { replicas: 1 }),
      list: [{ name: "a" }, ...(key === "yes" ? [{ name: "b", size: size === "s" ? 1 : 2 }] : []), { name: "c" }],
    }));
    expect(text).toBe(`kind: X
{{- if (or (size s) (size m)) }}
replicas: 1
{{- end }}
list:
  - name: a
{{- if (key yes) }}
  - name: b
{{- if (size s) }}
    size: 1
{{- end }}
{{- if (or (size m) (size l)) }}
    size: 2
{{- end }}
{{- end }}
  - name: c
`);
  });

  test("keep a list whole where an item is in it twice, such as the flag before an argument", () => {
    const text = merged([dimension("size", "s", "l")], ({ size }) => ({
      args: ["-c", "a", ...(size === "l" ? ["-c", "b"] : [])],
    }));
    expect(text).toBe(`{{- if (size s) }}
args:
  - -c
  - a
{{- end }}
{{- if (size l) }}
args:
  - -c
  - a
  - -c
  - b
{{- end }}
`);
  });

  test("are told apart by every dimension where neither alone decides", () => {
    const text = merged([dimension("a", "0", "1"), dimension("b", "0", "1")], ({ a, b }) => ({
      one: 1,
      ...(a === b ? { same: true } : {}),
    }));
    expect(text).toContain("{{- if (or (and (a 0) (b 0)) (and (a 1) (b 1))) }}\nsame: true\n{{- end }}");
  });
});
