/** Which autoscaler sets the replicas of a workload. */
import { propertiesOf, type Resource } from "../rule";
import { kindOf } from "./kubernetes";
import { AUTOSCALERS, isOfType, namespaceOf, objectName } from "./kubernetes-objects";

export const scaledBy = (workload: Resource, resources: readonly Resource[]): Resource | undefined =>
  resources.filter(isOfType(...AUTOSCALERS)).find((scaler) => {
    const target = propertiesOf(scaler).at("spec", "scaleTargetRef");
    return (
      namespaceOf(scaler) === namespaceOf(workload) &&
      target.get("kind").text === kindOf(workload.type) &&
      target.get("name").text === objectName(workload)
    );
  });
