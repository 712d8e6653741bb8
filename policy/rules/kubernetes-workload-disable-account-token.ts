import { podSpecOf, WORKLOAD_TYPES } from "../readers/kubernetes";
import { described, isOfType, namespaceOf, objectName, SERVICE_ACCOUNT } from "../readers/kubernetes-objects";
import { finding, propertiesOf, type StackRule } from "../rule";

/** A token in every pod lets whoever gets into one ask the API server. */
export const kubernetesWorkloadDisableAccountToken: StackRule = {
  scope: "stack",
  id: "K8-07",
  name: "kubernetes-workload-disable-account-token",
  title: "No pod is given the token of its service account unasked",
  severity: "medium",
  reason: {
    source: "NSA Kubernetes Hardening Guide 1.2, Protecting pod service account tokens; CIS Kubernetes Benchmark 5.1.6",
    link: "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting",
  },
  fix: "Set automountServiceAccountToken to false, for the pod or for its ServiceAccount.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...WORKLOAD_TYPES, SERVICE_ACCOUNT],
  check: (resources) => {
    const withoutToken = new Set(
      resources
        .filter(isOfType(SERVICE_ACCOUNT))
        .filter((account) => propertiesOf(account).get("automountServiceAccountToken").isFalse)
        .map((account) => `${namespaceOf(account)}/${objectName(account)}`),
    );
    return resources.filter(isOfType(...WORKLOAD_TYPES)).flatMap((resource) => {
      const pod = podSpecOf(resource.type, propertiesOf(resource));
      if (pod.isAbsent) return [];
      const [own, account] = [pod.get("automountServiceAccountToken"), pod.get("serviceAccountName")];
      if (own.isFalse) return [];
      if (own.isAbsent && account.isUnknown)
        return [finding(resource, account, "its service account is not known yet")];
      const isCovered = own.isAbsent && withoutToken.has(`${namespaceOf(resource)}/${account.text ?? "default"}`);
      return isCovered ? [] : [finding(resource, own, `${described(resource)} gets the token of its service account`)];
    });
  },
};
