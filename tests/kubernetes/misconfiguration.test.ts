/** What is rendered, read by Trivy's checks of Kubernetes: nothing high or critical but what is listed here, with its reason. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { documentStream } from "../../cli/render/documents";
import { imagesOf } from "../../components/app/model";
import { ImageRef } from "../../components/image/image-ref";
import { renderObjects } from "../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../components/kubernetes/workload";
import { goTool } from "../../toolchain/go-tools";
import { clusterSettings, DIGEST, onKubernetes } from "../support/on-kubernetes";

interface Finding {
  readonly ID: string;
  readonly Severity: string;
  readonly Message: string;
}

/** Findings that stand, each with its reason. */
const EXCEPTIONS: readonly { readonly id: string; readonly object: string; readonly reason: string }[] = [
  {
    id: "KSV-0109",
    object: "'postgres-files'",
    reason: "the name of a script with the word password in it; the password it reads is in another file",
  },
  { id: "KSV-0109", object: "'databases-files'", reason: "the word secret in what its script says to people" },
];

let folder: string;
let trivy: string;
beforeAll(async () => {
  trivy = await goTool("trivy");
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-trivy-"));
}, 600_000);
afterAll(() => fs.rmSync(folder, { recursive: true }));

function rendered(configuration: Record<string, unknown>): string {
  const settings = clusterSettings({ release: { id: "r-1", images: {} }, ...configuration });
  const application = onKubernetes(settings);
  const images = imagesOf(application).map((image) => [image, ImageRef.of(`r/${image}`, DIGEST)] as const);
  const common = { stack: "staging", application, settings, images: Object.fromEntries(images), jobs: UNORDERED_JOB };
  const existing = { name: "ralex", image: ImageRef.of("r/probe", DIGEST) };
  return documentStream(renderObjects({ ...common, secretFiles: { existing } }));
}

/** What Trivy finds high or critical, by the checks that it has inside. */
async function findings(text: string): Promise<readonly Finding[]> {
  const file = path.join(folder, "objects.yaml");
  fs.writeFileSync(file, text);
  const options = ["--skip-check-update", "--skip-version-check", "--cache-dir", folder, "--format", "json", "--quiet"];
  const { stdout } = await execa(trivy, ["config", "--severity", "HIGH,CRITICAL", ...options, file]);
  const { Results = [] } = JSON.parse(stdout) as { Results?: readonly { Misconfigurations?: readonly Finding[] }[] };
  return Results.flatMap(({ Misconfigurations = [] }) => Misconfigurations);
}

const isExcepted = ({ ID, Message }: Finding): boolean =>
  EXCEPTIONS.some(({ id, object }) => id === ID && Message.includes(object));

test.each([
  [{ exposure: "ingress", logs: "own", operatorListeners: true }],
  [{ exposure: "gateway", gateway: "a/b/c", apiMaxReplicas: 6, serviceMonitors: "watch", keda: "keda" }],
  [{ exposure: "nodePort", size: "edge", monitoring: "none", apiReplicas: 1 }],
])(
  "finds nothing high or critical that has no reason: %j",
  async (configuration) => {
    const found = await findings(rendered(configuration));
    expect(found.filter((one) => !isExcepted(one))).toEqual([]);
    for (const { id, object } of EXCEPTIONS) {
      expect(found.filter(({ ID, Message }) => ID === id && Message.includes(object))).toHaveLength(1);
    }
  },
  60_000,
);

test("finds what is wrong where a pod is given the rights of its node", async () => {
  const text = rendered({}).replace("allowPrivilegeEscalation: false", "privileged: true");
  const found = (await findings(text)).filter((one) => !isExcepted(one));
  expect(found.map(({ ID }) => ID)).toContain("KSV-0017");
}, 60_000);
