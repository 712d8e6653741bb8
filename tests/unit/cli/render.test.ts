/** What ./ralex render writes of a stack: from its file and what is committed, and from nothing else. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as yaml from "yaml";
import { documentStream, writeDocuments } from "../../../cli/render/documents";
import { namedImages } from "../../../cli/render/images";
import { renderKubernetes } from "../../../cli/render/kubernetes";
import { helmValues } from "../../../cli/render/values";
import { COMMITTED_LOCK } from "../../../components/image/lock";
import { DIGEST } from "../../support/on-kubernetes";

const CHECKOUT = path.resolve(__dirname, "../../..");
const OWN = ["ralex-api", "probe", "openwebui"].map((name) => `${name}=r.test/${name}@${DIGEST}`);
const OPTIONS = { stack: "qa", existingSecret: "ralex", image: OWN };

let checkout: string;
beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-render-"));
  fs.mkdirSync(path.join(checkout, path.dirname(COMMITTED_LOCK)));
  fs.copyFileSync(path.join(CHECKOUT, COMMITTED_LOCK), path.join(checkout, COMMITTED_LOCK));
});
afterEach(() => fs.rmSync(checkout, { recursive: true }));

function describeStack(config: Record<string, unknown> = {}): void {
  const all = { target: "kubernetes", kubeContext: "none", hostName: "ralex.test", ...config };
  const written = Object.fromEntries(Object.entries(all).map(([key, value]) => [`ralex:${key}`, value]));
  fs.writeFileSync(path.join(checkout, "Pulumi.qa.yaml"), yaml.stringify({ config: written }));
}

const textOf = () => documentStream(renderKubernetes(checkout, OPTIONS).objects);

describe("./ralex render kubernetes", () => {
  test("takes third-party images from the committed lock, and the rest by name", () => {
    describeStack();
    const images = [...textOf().matchAll(/^ +image: (.*)$/gm)].map(([, image]) => image ?? "");
    const lock = JSON.parse(fs.readFileSync(path.join(CHECKOUT, COMMITTED_LOCK), "utf8")) as Record<
      string,
      { readonly digest: string }
    >;
    expect(images).toContain(`postgres@${lock.postgres?.digest}`);
    expect(images).toContain(`r.test/ralex-api@${DIGEST}`);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  test("takes every image from the pin where there is one, through the mirror", () => {
    const names = [
      "api",
      "postgres",
      "redis",
      "nginx",
      "openwebui",
      "probe",
      "ralex-api",
      "prometheus",
      "alertmanager",
    ];
    const more = ["nginx-exporter", "postgres-exporter", "redis-exporter"];
    const images = Object.fromEntries([...names, ...more].map((name) => [name, `up.test/${name}@${DIGEST}`]));
    describeStack({ release: { id: "r-7", images }, imageMirror: "mirror.test/ralex" });
    const { objects } = renderKubernetes(checkout, { ...OPTIONS, image: [] });
    const found = [...documentStream(objects).matchAll(/^ +image: (.*)$/gm)].map(([, image]) => image ?? "");
    expect(found.filter((image) => !image.startsWith("mirror.test/ralex/"))).toEqual([]);
  });

  test("names every image that is not known, and what to do", () => {
    describeStack();
    const render = () => renderKubernetes(checkout, { ...OPTIONS, image: OWN.slice(2) });
    expect(render).toThrow("no image is known of probe, ralex-api; nothing is pinned for qa: run ./ralex promote");
    expect(render).toThrow("--image probe=repository@sha256:… --image ralex-api=repository@sha256:…");
    expect(() => namedImages(["x", "api=r/api:latest"])).toThrow(/"x" has no name[^]*leave a|a tag can move/);
  });

  test("counts what the file has encrypted as set, and needs no key for it", () => {
    describeStack({ openrouterApiKey: { secure: "v1:AAAA:BBBB" } });
    const text = textOf();
    expect(text).toContain('"path": "secrets/openrouter_api_key"');
    expect(text).toContain("- key: openrouterApiKey");
    expect(text).not.toContain("AAAA");
    describeStack();
    expect(textOf()).not.toContain("openrouter");
  });

  test("says a stack as values of the chart, and which of its settings the chart has no value for", () => {
    describeStack({ apiReplicas: 3, exposure: "ingress", apiCorsOrigins: "https://a.test", imageMirror: "m.test/r" });
    const { text, fixed } = helmValues(checkout, { ...OPTIONS, existingSecret: "" });
    expect(fixed).toEqual(["apiCorsOrigins"]);
    expect(yaml.parse(text)).toMatchObject({
      ...{ hostName: "ralex.test", exposure: "ingress", apiReplicas: 3, existingSecret: "", openrouter: false },
      images: { "ralex-api": { repository: "m.test/r/ralex-api", digest: DIGEST } },
    });
  });

  test("has the images of what the chart runs among its values, and none of what it has no value for", () => {
    describeStack();
    const plain = helmValues(checkout, OPTIONS);
    describeStack({ logs: "own", operatorListeners: true });
    const { text, fixed } = helmValues(checkout, OPTIONS);
    expect(fixed).toEqual(["operatorListeners", "logs"]);
    expect(text).toBe(plain.text);
    expect(text).not.toMatch(/otel-collector|victorialogs/);
    describeStack({ logs: "own" });
    expect(textOf()).toContain("otel/opentelemetry-collector-contrib@sha256:");
  });

  test("reads the Secret that the stack's file names, unless another one is named", () => {
    describeStack({ existingSecret: "vault", openrouterKey: true });
    const options = { stack: OPTIONS.stack, image: OWN };
    const secrets = (more: { existingSecret?: string } = {}) => {
      const text = documentStream(renderKubernetes(checkout, { ...options, ...more }).objects);
      return [...new Set([...text.matchAll(/- secret:\n +name: (\S+)/g)].map(([, name]) => name))];
    };
    expect([secrets(), secrets({ existingSecret: "other" })]).toEqual([["vault"], ["other"]]);
    const { text, fixed } = helmValues(checkout, options);
    expect(yaml.parse(text)).toMatchObject({ existingSecret: "vault", openrouter: true });
    expect(fixed).toEqual([]);
    describeStack();
    expect(secrets()).toEqual(["ralex"]);
    expect(yaml.parse(helmValues(checkout, options).text)).toMatchObject({ existingSecret: "" });
  });

  test("refuses a stack of another target, and a name that no Secret can have", () => {
    describeStack({ target: "docker", kubeContext: "", hostName: "" });
    expect(() => renderKubernetes(checkout, OPTIONS)).toThrow("qa runs on target docker");
    expect(() => renderKubernetes(checkout, { ...OPTIONS, existingSecret: "My Secret" })).toThrow(
      "--existing-secret must",
    );
  });

  test("gives the same objects to a parser of YAML 1.1, which kubectl has, and to one of 1.2", () => {
    describeStack();
    const { objects } = renderKubernetes(checkout, OPTIONS);
    for (const version of ["1.1", "1.2"] as const) {
      const parsed = yaml.parseAllDocuments(textOf(), { version }) as yaml.Document.Parsed[];
      expect(parsed.map((one) => one.toJS() as unknown)).toEqual(objects);
    }
  });

  test("writes a file for each object in their order, takes the place of an earlier run, and of nothing else", () => {
    describeStack();
    const folder = path.join(checkout, "out");
    const { objects } = renderKubernetes(checkout, OPTIONS);
    writeDocuments(folder, objects);
    writeDocuments(folder, objects.slice(0, 3));
    expect(fs.readdirSync(folder).sort()).toEqual([
      "000-namespace-ralex-qa.yaml",
      "001-networkpolicy-default-deny.yaml",
      "002-networkpolicy-postgres.yaml",
    ]);
    fs.writeFileSync(path.join(folder, "notes.txt"), "mine");
    expect(() => writeDocuments(folder, objects)).toThrow("has files that were not rendered (notes.txt)");
    expect(fs.readdirSync(folder)).toHaveLength(4);
  });
});
