/** A real Kubernetes cluster in namespaces of its own, on any machine with root and package registries. */
export { addToCluster, CONTOUR, KEDA } from "./addons";
export { HOST_ADDRESS } from "./addresses";
export { kubectl, type KubectlOptions } from "./kubectl";
export { CONTEXT, kubeconfigPath } from "./paths";
export { type ClusterOptions, startCluster, waitForMetrics } from "./start";
export { clusterStatus, type ClusterStatus } from "./status";
export { stopCluster } from "./stop";
