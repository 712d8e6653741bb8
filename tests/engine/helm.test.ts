/** The chart under Helm itself: it is what the plain objects are, for whatever its values say. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "yaml";
import { CHART_FOLDER } from "../../cli/render/names";
import { valuesOf, type ImageValue } from "../../cli/render/chart/values";
import { withProbe } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { ImageRef } from "../../components/image/image-ref";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { renderObjects, type KubernetesObject } from "../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../components/kubernetes/workload";
import { goTool } from "../../toolchain/go-tools";
import { clusterSettings, DIGEST } from "../support/on-kubernetes";

const CHART = path.resolve(__dirname, "../..", CHART_FOLDER);
const ENVIRONMENTS = ["dev", "staging", "prod", "edge"];

let helm: string;
let folder: string;
beforeAll(async () => {
  helm = await goTool("helm");
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-helm-"));
}, 600_000);
afterAll(() => fs.rmSync(folder, { recursive: true }));

const run = (...args: readonly string[]) =>
  execa(helm, [...args], {
    env: { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder },
    reject: false,
  });

function fileOf(values: unknown): string {
  const file = path.join(folder, `values-${fs.readdirSync(folder).length}.yaml`);
  fs.writeFileSync(file, yaml.stringify(values));
  return file;
}

/** What a chart has to be given in any case. */
const digests = (): string =>
  fileOf({
    images: Object.fromEntries(
      ["ralex-api", "probe", "openwebui"].map((name) => [name, { repository: `r.test/${name}`, digest: DIGEST }]),
    ),
  });

async function template(...args: readonly string[]): Promise<readonly KubernetesObject[]> {
  const { stdout, stderr, exitCode } = await run("template", "staging", CHART, ...args);
  if (exitCode !== 0) throw new Error(stderr);
  const documents = yaml.parseAllDocuments(stdout, { version: "1.1" }) as yaml.Document.Parsed[];
  return documents.map((one) => one.toJS() as KubernetesObject | null).filter((object) => object !== null);
}

const isHook = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.["helm.sh/hook"] !== undefined;

/** Without what each of the two forms has of its own: hashes, the namespace, and what Helm is told. */
function comparable(objects: readonly KubernetesObject[]): Readonly<Record<string, unknown>> {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).filter(([key]) => !key.startsWith("helm.sh/") && key !== "ralex.dev/files");
    return Object.fromEntries(entries.map(([key, part]) => [key, plain(part)]));
  };
  return Object.fromEntries(
    objects
      .filter(({ kind }) => kind !== "Namespace")
      .map(({ metadata: { name, namespace: _, annotations, ...metadata }, ...rest }) => {
        const own = Object.keys((plain(annotations) as object | undefined) ?? {}).length > 0 ? { annotations } : {};
        const called = rest.kind === "Job" ? name.replace(/-[0-9a-f]{8}$/, "") : name;
        return [`${rest.kind} ${called}`, plain({ ...rest, metadata: { name: called, ...metadata, ...own } })];
      }),
  );
}

const EXPOSURES = [
  {},
  { exposure: "nodePort", nodePort: 30_777 },
  { exposure: "loadBalancer" },
  { exposure: "ingress" },
];
const UPSTREAMS = [
  {},
  { upstreamUrl: "https://up.test/v1", openrouterApiKey: "set" },
  { upstreamUrl: "http://10.0.0.9:11434/v1", upstreamApiKey: "set" },
];
const MORE = [
  { apiReplicas: 1, size: "edge", monitoring: "none" },
  { apiReplicas: 3, size: "large", monitoring: "none", storageClass: "fast" },
  { apiReplicas: 2, size: "small", apiMaxReplicas: 5, imagePullSecret: "login", adminEmail: "root+x@corp.example" },
  { apiReplicas: 1, apiMaxReplicas: 4, hostName: "10.251.0.11", openrouterApiKey: "set" },
  { ingressClass: "nginx", exposure: "ingress", apiReplicas: 4, apiMaxReplicas: 4, monitoring: "none" },
];
const CONFIGURATIONS: readonly Readonly<Record<string, unknown>>[] = [
  ...EXPOSURES.flatMap((exposure, first) =>
    UPSTREAMS.map((upstream, second) => {
      const more = MORE[(first * UPSTREAMS.length + second) % MORE.length];
      return { release: { id: "r-1", images: {} }, ...exposure, ...upstream, ...more };
    }),
  ),

  { release: { id: "r-1", images: {} }, exposure: "gateway", gateway: "edge-system/public/https" },
  {
    release: { id: "r-1", images: {} },
    ...{ exposure: "ingress", tlsSecret: "bought", ingressClass: "contour" },
    ingressAnnotations: "cert-manager.io/cluster-issuer: letsencrypt\nprojectcontour.io/response-timeout: 90s",
  },
];

/** Each with Grafana, and one of a release without. */
const CASES = [
  ...CONFIGURATIONS.map((configuration) => [JSON.stringify(configuration), configuration, true] as const),
  ["a release without Grafana", { release: { id: "r-1", images: {} } }, false] as const,
];

describe("the chart", () => {
  test.each(CASES)(
    "gives the objects that are rendered without Helm: %s",
    async (_, configuration, hasGrafana) => {
      const settings = clusterSettings(configuration);
      const application = describeRalex(settings, kubernetesPlacement(settings), { grafana: hasGrafana });
      const names = [...withProbe(application).map(({ image }) => image), "probe"];
      const images = Object.fromEntries(names.map((name) => [name, ImageRef.of(`r.test:5000/${name}`, DIGEST)]));
      const values = Object.fromEntries(
        Object.entries(images).map(([name, { repository, digest }]): [string, ImageValue] => [
          name,
          { repository, digest },
        ]),
      );
      const all = { ...values, ...(hasGrafana ? {} : { grafana: null }) };
      const rendered = await template("--values", fileOf(valuesOf(settings, all, "vault")));
      const existing = { name: "vault", image: ImageRef.of("r.test:5000/probe", DIGEST) };
      const plain = renderObjects({
        ...{ stack: "staging", application, settings, images, jobs: UNORDERED_JOB },
        secretFiles: { existing },
      });
      const [here, there] = [comparable(rendered.filter((object) => !isHook(object))), comparable(plain)];
      expect(Object.keys(here).sort()).toEqual(Object.keys(there).sort());
      expect(here).toEqual(there);
      // Of hooks, with a Secret that somebody else makes, there is the test alone.
      expect(rendered.filter(isHook).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(["Pod probe"]);
    },
    60_000,
  );

  test.each(ENVIRONMENTS)("passes helm lint --strict and helm template with values-%s.yaml", async (name) => {
    const values = ["--values", path.join(CHART, `values-${name}.yaml`), "--values", digests()];
    const { stdout, exitCode } = await run("lint", "--strict", CHART, ...values);
    expect(stdout).toContain("0 chart(s) failed");
    expect(exitCode).toBe(0);
    const kinds = (await template(...values)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "Deployment").length).toBeGreaterThan(2);
    expect(kinds.includes("Ingress")).toBe(name === "prod");
  });

  test("makes the Secret by a hook with an account of its own where none is named, and never by a template", async () => {
    const hooks = (await template("--set", "hostName=ralex.test", "--values", digests())).filter(isHook);
    expect(hooks.map(({ kind }) => kind).sort()).toEqual(
      ["ConfigMap", "Job", "NetworkPolicy", "Pod", "Role", "RoleBinding", "ServiceAccount"].sort(),
    );
    expect(hooks.filter(({ kind }) => kind === "Secret")).toEqual([]);
    const maker = hooks.find(({ kind }) => kind === "ConfigMap") as unknown as { data: Record<string, string> };
    expect(JSON.parse(maker.data["configuration.json"] ?? "")).toMatchObject({
      secret: "ralex",
      tlsSecret: null,
      hostName: "ralex.test",
      generated: { apiKey: 40, superuserPassword: 40 },
    });
    const ingress = await template(
      ...["--set", "hostName=ralex.test", "--set", "exposure=ingress", "--values", digests()],
    );
    const other = ingress.filter(isHook).find(({ kind }) => kind === "ConfigMap") as unknown as typeof maker;
    expect(JSON.parse(other.data["configuration.json"] ?? "")).toMatchObject({ tlsSecret: "ralex-tls" });
  });

  test("takes no image without its digest, and says every problem of its values at once", async () => {
    const { stderr } = await run("template", "staging", CHART, "--set", "hostName=ralex.test");
    for (const name of ["ralex-api", "probe", "openwebui"]) expect(stderr).toContain(`/images/${name}/digest`);
    const wrong = ["upstreamKey=true", "ingressClass=nginx", "apiMaxReplicas=1", "apiReplicas=3", "size=edge"];
    const { stderr: told } = await run(
      ...["template", "staging", CHART, "--set", "hostName=ralex.test", "--values", digests()],
      ...wrong.flatMap((value) => ["--set", value]),
    );
    expect(told).toContain("5 problem(s) in the values");
    const { stderr: braces } = await run(
      ...["template", "staging", CHART, "--set", "hostName=ralex.test", "--values", digests()],
      ...["--set-string", 'upstreamUrl=https://x"y/v1'],
    );
    expect(braces).toContain("/upstreamUrl");
  });

  test("makes every pod anew that reads the Secret with another secretRevision, jobs too, and no other", async () => {
    const with_ = async (revision: string) =>
      (await template("--set", `hostName=ralex.test,secretRevision=${revision}`, "--values", digests())).filter(
        (object) => !isHook(object),
      );
    const [before, after] = [await with_("a"), await with_("b")];
    const changed = before
      .filter((object, index) => JSON.stringify(object) !== JSON.stringify(after[index]))
      .map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/-[0-9a-f]{8}$/, "")}`);
    expect(changed).toEqual(expect.arrayContaining(["Job databases", "StatefulSet postgres", "Deployment api"]));
    expect(changed).not.toContain("StatefulSet prometheus");
    expect(changed.filter((name) => !/^(Job|Deployment|StatefulSet) /.test(name))).toEqual([]);
  });
});
