import { containerFindings } from "../pod-findings";
import { WORKLOAD_TYPES } from "../readers/kubernetes";
import type { ResourceRule } from "../rule";
import type { Value } from "../value";
import { quantity } from "../quantity";

/** A pod without a bound takes its neighbours' memory, and one without a request is the first to be evicted. */
export const kubernetesWorkloadRequireResources: ResourceRule = {
  scope: "resource",
  id: "K8-05",
  name: "kubernetes-workload-require-resources",
  title: "Every container requests CPU and memory and has a memory limit that is not below its request",
  severity: "medium",
  reason: {
    source: "NSA Kubernetes Hardening Guide 1.2, Resource policies; Kubernetes, Resource management for pods",
    link: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
  },
  fix: "Set resources.requests.cpu, resources.requests.memory and resources.limits.memory to what the program was measured to need.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: WORKLOAD_TYPES,
  check: (resource) =>
    containerFindings(resource, ({ role, value }) => {
      // Nobody can give a debugging container resources.
      if (role === "ephemeral") return [];
      const resources = value.get("resources");
      if (resources.isUnknown) return [[resources, "has resources that are not known yet"]];
      const limit = resources.at("limits", "memory");
      return [
        // A request that is absent is the limit.
        ...["cpu", "memory"].flatMap((of) =>
          resources.at("limits", of).isAbsent ? missing(resources.at("requests", of), `requests no ${of}`) : [],
        ),
        ...missing(limit, "has no memory limit"),
        ...["cpu", "memory"].flatMap((of) => excess(resources.at("requests", of), resources.at("limits", of), of)),
      ];
    }),
};

type Found = readonly (readonly [Value, string])[];

const missing = (at: Value, message: string): Found => (at.isAbsent || at.isUnknown ? [[at, message]] : []);

function excess(request: Value, limit: Value, of: string): Found {
  const [asked, allowed] = [quantity(request), quantity(limit)];
  return asked !== undefined && allowed !== undefined && asked > allowed
    ? [[request, `requests more ${of} than its limit`]]
    : [];
}
