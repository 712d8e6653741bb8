/** The objects of every combination of the chart's values, with tokens where values go. */
import { imagesOf, type Application } from "../../../components/app/model";
import { describeRalex } from "../../../components/app/ralex";
import { ImageRef } from "../../../components/image/image-ref";
import { FILES_ANNOTATION } from "../../../components/kubernetes/names";
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import {
  renderObjects,
  renderProbe,
  type KubernetesObject,
  type RenderArgs,
} from "../../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../../components/kubernetes/workload";
import { loadSettings } from "../../../components/settings/load";
import type { Settings } from "../../../components/settings/schema";
import { combinationsOf, type Combination } from "./merge";
import { DIMENSIONS, MAX_REPLICAS, NODE_PORT, REPLICAS, TOKEN } from "./values";

/** Stands for every digest. */
const DIGEST = `sha256:${"0".repeat(64)}`;
export const IMAGE_TOKEN = new RegExp(`${TOKEN.repository}/([a-z-]+)@${DIGEST}`, "g");

export interface Rendered {
  readonly combination: Combination;
  readonly application: Application;
  readonly objects: readonly KubernetesObject[];
  /** Pod that checks the deployment. */
  readonly probe: KubernetesObject;
}

/** Once for each combination. */
export const renderCombinations = (): readonly Rendered[] => combinationsOf(DIMENSIONS).map(renderCombination);

function renderCombination(combination: Combination): Rendered {
  const chosen = DIMENSIONS.map(({ name, options }) => options.find((option) => option.name === combination[name]));
  // What does not fit into a size is refused by the chart itself: here every combination is described.
  const { size, ...rest } = Object.assign({}, ...chosen.map((option) => option?.settings)) as Partial<Settings>;
  const fitting = loadSettings({
    environment: {},
    dotenv: {},
    stack: {
      target: "kubernetes",
      kubeContext: "none",
      hostName: TOKEN.host,
      adminEmail: TOKEN.email,
      storageClass: TOKEN.storageClass,
      imagePullSecret: TOKEN.pullSecret,
      // What is verified by `helm test` is part of the chart.
      release: { id: "chart", images: {} },
      ...rest,
    },
  });
  const settings = { ...fitting, ...(size === undefined ? {} : { size }) };
  const available = chosen.find((option) => option?.available !== undefined)?.available;
  const application = describeRalex(settings, kubernetesPlacement(settings), available);
  const ref = (name: string) => ImageRef.of(`${TOKEN.repository}/${name}`, DIGEST);
  const args: RenderArgs = {
    ...{ stack: TOKEN.instance, application, settings },
    images: Object.fromEntries(imagesOf(application).map((image) => [image, ref(image)])),
    secretFiles: { existing: { name: TOKEN.secret, image: ref("probe") } },
    jobs: UNORDERED_JOB,
  };
  const { metadata, spec } = renderProbe(args) ?? {};
  return {
    ...{ combination, application },
    // The namespace is the release's.
    objects: renderObjects(args)
      .filter(({ kind }) => kind !== "Namespace")
      .map(withTokens),
    probe: withTokens({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...(metadata as KubernetesObject["metadata"]), name: "probe" },
      spec,
    }),
  };
}

/** As they are on any combination: the address has another port, the number of replicas may be anybody's. */
function withTokens(object: KubernetesObject): KubernetesObject {
  const tokens = (key: string, value: unknown): unknown => {
    if (typeof value === "string") {
      return key === FILES_ANNOTATION ? TOKEN.filesHash : value.replace(ADDRESS, TOKEN.address);
    }
    if (key === "nodePort" && value === NODE_PORT) return TOKEN.nodePort;
    if (key === "replicas" && object.metadata.name === "api") return TOKEN.replicas;
    if (key === "minReplicas" && value === REPLICAS) return TOKEN.replicas;
    if (key === "maxReplicas" && value === MAX_REPLICAS) return TOKEN.maxReplicas;
    if (Array.isArray(value)) return value.map((item) => tokens(key, item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, tokens(name, part)]));
  };
  const { name, labels, annotations } = object.metadata;
  // The chart makes a job's hash itself, and data stay when a release is removed.
  const called = object.kind === "Job" ? name.replace(/-[0-9a-f]{8}$/, "") : name;
  const kept = object.kind === "PersistentVolumeClaim" ? { "helm.sh/resource-policy": "keep" } : {};
  const all = { ...annotations, ...kept };
  const annotated = Object.keys(all).length === 0 ? {} : { annotations: all };
  return tokens("", { ...object, metadata: { name: called, labels, ...annotated } }) as KubernetesObject;
}

const ADDRESS = new RegExp(`https://${TOKEN.host.replace(".", "\\.")}(?::\\d+)?`, "g");
