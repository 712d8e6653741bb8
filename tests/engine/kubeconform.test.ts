/** What is rendered, against the API of the Kubernetes that the checkout pins: every field is one that it knows. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { documentStream } from "../../cli/render/documents";
import { CHART_FOLDER } from "../../cli/render/names";
import { imagesOf } from "../../components/app/model";
import { ImageRef } from "../../components/image/image-ref";
import { renderObjects } from "../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../components/kubernetes/workload";
import { goTool } from "../../toolchain/go-tools";
import { SCHEMA_FILES, writeKubernetesSchemas } from "../support/kubernetes-schemas";
import { clusterSettings, DIGEST, onKubernetes } from "../support/on-kubernetes";

const CHART = path.resolve(__dirname, "../..", CHART_FOLDER);
const KINDS = new Set([
  ...[
    "Namespace",
    "NetworkPolicy",
    "ServiceAccount",
    "PersistentVolumeClaim",
    "ConfigMap",
    "Service",
    "Ingress",
    "Pod",
  ],
  ...[
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
  ],
]);

let folder: string;
let kubeconform: string;
let helm: string;
beforeAll(async () => {
  [kubeconform, helm] = [await goTool("kubeconform"), await goTool("helm")];
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-schemas-"));
  await writeKubernetesSchemas(folder, KINDS);
}, 600_000);
afterAll(() => fs.rmSync(folder, { recursive: true }));

interface Summary {
  readonly valid: number;
  readonly invalid: number;
  readonly errors: number;
  readonly skipped: number;
}

async function check(input: string): Promise<{ readonly summary: Summary; readonly problems: unknown }> {
  const { stdout } = await execa(
    kubeconform,
    ["-strict", "-summary", "-output", "json", "-schema-location", `${folder}/${SCHEMA_FILES}`],
    { input, reject: false },
  );
  const { summary, resources } = JSON.parse(stdout) as { summary: Summary; resources: unknown };
  return { summary, problems: resources };
}

const CONFIGURATIONS: readonly Record<string, unknown>[] = [
  { release: { id: "r-1", images: {} } },
  { exposure: "ingress", ingressClass: "nginx", apiMaxReplicas: 6, imagePullSecret: "login" },
  { exposure: "nodePort", storageClass: "fast", monitoring: "none" },
  { logs: "own", operatorListeners: true },
];

test.each(CONFIGURATIONS.map((configuration) => [JSON.stringify(configuration), configuration] as const))(
  "the plain objects are such as the API server knows: %s",
  async (_, configuration) => {
    const settings = clusterSettings(configuration);
    const application = onKubernetes(settings);
    const images = imagesOf(application).map((image) => [image, ImageRef.of(`r/${image}`, DIGEST)] as const);
    const objects = renderObjects({
      ...{ stack: "staging", application, settings, images: Object.fromEntries(images), jobs: UNORDERED_JOB },
      secretFiles: { existing: { name: "ralex", image: ImageRef.of("r/probe", DIGEST) } },
    });
    const { summary, problems } = await check(documentStream(objects));
    expect(problems).toEqual([]);
    expect(summary).toEqual({ valid: objects.length, invalid: 0, errors: 0, skipped: 0 });
  },
  60_000,
);

test.each(["dev", "staging", "prod", "edge"])(
  "the chart's objects are such as the API server knows with values-%s.yaml, hooks and test too",
  async (name) => {
    const images = ["ralex-api", "probe", "openwebui"].flatMap((image) => [
      ...["--set", `images.${image}.repository=r.test/${image}`],
      ...["--set", `images.${image}.digest=${DIGEST}`],
    ]);
    const { stdout } = await execa(
      helm,
      ["template", "x", CHART, "--values", path.join(CHART, `values-${name}.yaml`), ...images],
      { env: { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder } },
    );
    const { summary, problems } = await check(stdout);
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(summary.valid).toBeGreaterThan(40);
  },
  60_000,
);

test("a field that the API does not know is told", async () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "x", lables: {} } };
  const { summary } = await check(documentStream([namespace]));
  expect(summary).toMatchObject({ valid: 0, invalid: 1 });
});
