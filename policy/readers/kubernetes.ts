/** Kubernetes' workloads: the pods that they make, and those pods' containers of every kind. */
import type { Value } from "../value";
import type { Container, Reader, Variable } from "./container";

const WORKLOADS: Readonly<Record<string, readonly string[]>> = {
  "core/v1": ["Pod", "PodTemplate", "ReplicationController"],
  "apps/v1": ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  "apps/v1beta1": ["Deployment", "StatefulSet"],
  "apps/v1beta2": ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  "extensions/v1beta1": ["Deployment", "DaemonSet", "ReplicaSet"],
  "batch/v1": ["Job", "CronJob"],
  "batch/v1beta1": ["CronJob"],
  "batch/v2alpha1": ["CronJob"],
};

/** Types of the resources that make pods. */
export const WORKLOAD_TYPES: readonly string[] = Object.entries(WORKLOADS).flatMap(([group, kinds]) =>
  kinds.map((kind) => `kubernetes:${group}:${kind}`),
);

/** Types that change a part of such a resource: what they do not say is not missing. */
export const PATCH_TYPES: readonly string[] = WORKLOAD_TYPES.map((type) => `${type}Patch`);

/** The kind of a Kubernetes type token: `Deployment` of `kubernetes:apps/v1:Deployment` and of its patch. */
export const kindOf = (type: string): string => (type.split(":")[2] ?? "").replace(/Patch$/, "");

/** Where the specification of the pods is that a workload makes. */
export function podPathOf(type: string): readonly string[] {
  switch (kindOf(type)) {
    case "Pod":
      return ["spec"];
    case "PodTemplate":
      return ["template", "spec"];
    case "CronJob":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    default:
      return ["spec", "template", "spec"];
  }
}

/** The specification of the pods that a workload makes. */
export const podSpecOf = (type: string, properties: Value): Value => properties.at(...podPathOf(type));

/** Metadata of the pods that a workload makes. */
export const podMetadataOf = (type: string, properties: Value): Value => {
  switch (kindOf(type)) {
    case "Pod":
      return properties.get("metadata");
    case "PodTemplate":
      return properties.at("template", "metadata");
    case "CronJob":
      return properties.at("spec", "jobTemplate", "spec", "template", "metadata");
    default:
      return properties.at("spec", "template", "metadata");
  }
};

/** Every container of a pod's specification. */
export function containersOfPod(spec: Value): readonly Container[] {
  if (spec.isUnknown) return [container(spec, "main")];
  return [
    ...spec
      .get("initContainers")
      .items()
      .map((value) => container(value, value.get("restartPolicy").text === "Always" ? "sidecar" : "init")),
    ...spec
      .get("containers")
      .items()
      .map((value) => container(value, "main")),
    ...spec
      .get("ephemeralContainers")
      .items()
      .map((value) => container(value, "ephemeral")),
  ];
}

/** The reader of a type of {@link WORKLOAD_TYPES}. */
export const kubernetesReader =
  (type: string): Reader =>
  (properties) =>
    containersOfPod(podSpecOf(type, properties));

const container = (value: Value, role: Container["role"]): Container => ({
  name: value.get("name").text ?? value.path,
  role,
  value,
  image: value.get("image"),
  environment: value.get("env").items().map(variable),
  commandLine: [value.get("command"), value.get("args")],
});

const variable = (value: Value): Variable => ({
  name: value.get("name").text,
  value: value.get("value"),
  isReference: !value.isUnknown && !value.get("valueFrom").isAbsent,
});
