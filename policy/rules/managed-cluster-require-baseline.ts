import { byType, type PlainCheck } from "../by-type";
import {
  aksRequirements,
  eksRequirements,
  gkeNodeRequirements,
  gkeRequirements,
  type Requirement,
} from "../managed-clusters";
import { unless, type ResourceRule } from "../rule";
import type { Value } from "../value";

const judgedBy =
  (requirements: (properties: Value) => readonly Requirement[]): PlainCheck =>
  (resource, properties) =>
    requirements(properties).flatMap(({ at, isKept, message }) => unless(isKept, resource, at, message));

/** Whoever has the cluster's API has everything in it. */
export const managedClusterRequireBaseline: ResourceRule = {
  scope: "resource",
  id: "CLU-01",
  name: "managed-cluster-require-baseline",
  title: "A managed cluster limits its API, encrypts secrets, logs, and is kept up to date",
  severity: "high",
  reason: {
    source: "AWS Security Hub EKS.1, EKS.3, EKS.8; CIS GKE 5 and CIS AKS 5 benchmarks",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/eks-controls.html",
  },
  fix: "Limit the API to networks or make it private, encrypt secrets with a key of yours, turn on logs, workload identity, network policies and automatic upgrades, and turn off local accounts.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    "aws:eks/cluster:Cluster": judgedBy(eksRequirements),
    "gcp:container/cluster:Cluster": judgedBy(gkeRequirements),
    "gcp:container/nodePool:NodePool": judgedBy(gkeNodeRequirements),
    "azure-native:containerservice:ManagedCluster": judgedBy(aksRequirements),
  }),
};
