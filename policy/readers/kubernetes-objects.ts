/** Objects of a cluster as stack rules relate them: namespaces, labels and selectors. */
import { canonicalType, propertiesOf, type Resource } from "../rule";
import type { Value } from "../value";
import { kindOf, podMetadataOf } from "./kubernetes";

export const NAMESPACE = "kubernetes:core/v1:Namespace";
export const NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
export const SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount";
export const DISRUPTION_BUDGETS = ["v1", "v1beta1"].map(
  (version) => `kubernetes:policy/${version}:PodDisruptionBudget`,
);
export const AUTOSCALERS = ["v1", "v2", "v2beta2"].map(
  (version) => `kubernetes:autoscaling/${version}:HorizontalPodAutoscaler`,
);

export const isOfType =
  (...types: readonly string[]) =>
  ({ type }: Resource): boolean =>
    types.includes(canonicalType(type));

/** Where an object lives: what it says, else its provider's namespace, else the cluster's default one. */
export const namespaceOf = (resource: Resource): string =>
  propertiesOf(resource).at("metadata", "namespace").text ?? resource.options.namespace ?? "default";

/** Name of an object in its cluster; Pulumi makes one up where there is none. */
export const objectName = (resource: Resource): string =>
  propertiesOf(resource).at("metadata", "name").text ?? resource.name;

/** Kind and name, for messages: `Deployment api`. */
export const described = (resource: Resource): string => `${kindOf(resource.type)} ${objectName(resource)}`;

/** Labels of the pods that a workload makes. */
export const podLabels = (resource: Resource): Value =>
  podMetadataOf(resource.type, propertiesOf(resource)).get("labels");

/**
 * Whether a label selector takes in these labels; an empty one takes in everything, and one that is not known yet may.
 * Source: Kubernetes, Labels and selectors, Resources that support set-based requirements.
 */
export function selects(selector: Value, labels: Value): boolean {
  if (selector.isUnknown || labels.isUnknown) return true;
  if (selector.isAbsent) return false;
  const matches = selector
    .get("matchLabels")
    .entries()
    .every(([key, value]) => value.isUnknown || labels.get(key).isUnknown || labels.get(key).raw === value.raw);
  return (
    matches &&
    selector
      .get("matchExpressions")
      .items()
      .every((one) => holds(one, labels.get(one.get("key").text ?? "")))
  );
}

function holds(expression: Value, label: Value): boolean {
  if (expression.isUnknown || label.isUnknown) return true;
  const isIn = expression
    .get("values")
    .items()
    .some(({ raw }) => raw === label.raw);
  switch (expression.get("operator").text) {
    case "In":
      return isIn;
    case "NotIn":
      return !isIn;
    case "Exists":
      return !label.isAbsent;
    default:
      return label.isAbsent;
  }
}
