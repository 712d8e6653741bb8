/** Every rule, in order of priority. */
import type { Rule } from "../rule";
import { awsEcrRepositoryProtectImages } from "./aws-ecr-repository-protect-images";
import { awsEcsServiceConfigureSafeRollout } from "./aws-ecs-service-configure-safe-rollout";
import { awsEcsServiceDisallowPublicIp } from "./aws-ecs-service-disallow-public-ip";
import { awsEcsTaskDefinitionRequireHardening } from "./aws-ecs-task-definition-require-hardening";
import { cacheInstanceRequireAuthAndTls } from "./cache-instance-require-auth-and-tls";
import { cloudIdentityDisallowEverything } from "./cloud-identity-disallow-everything";
import { cloudIdentityLimitFederation } from "./cloud-identity-limit-federation";
import { cloudLogConfigureRetention } from "./cloud-log-configure-retention";
import { cloudResourceDisallowRetiredService } from "./cloud-resource-disallow-retired-service";
import { cloudResourceRequireTags } from "./cloud-resource-require-tags";
import { containerEnvironmentDisallowDefaultCredential } from "./container-environment-disallow-default-credential";
import { containerEnvironmentDisallowSecret } from "./container-environment-disallow-secret";
import { containerImageDisallowFixableVulnerabilities } from "./container-image-disallow-fixable-vulnerabilities";
import { containerImageLimitSize } from "./container-image-limit-size";
import { containerImageRequireAllowedRegistry } from "./container-image-require-allowed-registry";
import { containerImageRequireDigest } from "./container-image-require-digest";
import { containerImageRequireEvidence } from "./container-image-require-evidence";
import { containerImageRequirePlatforms } from "./container-image-require-platforms";
import { containerImageRequireSignature } from "./container-image-require-signature";
import { databaseInstanceRequireBackups } from "./database-instance-require-backups";
import { databaseInstanceRequirePrivateTls } from "./database-instance-require-private-tls";
import { dockerBuildImageConfigureBuild } from "./docker-build-image-configure-build";
import { dockerBuildImageDisallowPullAndPush } from "./docker-build-image-disallow-pull-and-push";
import { dockerBuildImageDisallowSecretArguments } from "./docker-build-image-disallow-secret-arguments";
import { dockerBuildImageProtectPushed } from "./docker-build-image-protect-pushed";
import { kubernetesAutoscalerConfigureReplicas } from "./kubernetes-autoscaler-configure-replicas";
import { kubernetesIngressRequireTls } from "./kubernetes-ingress-require-tls";
import { kubernetesNamespaceRequireNetworkPolicy } from "./kubernetes-namespace-require-network-policy";
import { kubernetesNamespaceRequirePodSecurity } from "./kubernetes-namespace-require-pod-security";
import { kubernetesReleaseDisallowOpaque } from "./kubernetes-release-disallow-opaque";
import { kubernetesWorkloadDisableAccountToken } from "./kubernetes-workload-disable-account-token";
import { kubernetesWorkloadDisallowHostAccess } from "./kubernetes-workload-disallow-host-access";
import { kubernetesWorkloadDisallowRoot } from "./kubernetes-workload-disallow-root";
import { kubernetesWorkloadLimitScratch } from "./kubernetes-workload-limit-scratch";
import { kubernetesWorkloadRequireDisruptionBudget } from "./kubernetes-workload-require-disruption-budget";
import { kubernetesWorkloadRequireProbes } from "./kubernetes-workload-require-probes";
import { kubernetesWorkloadRequireReadOnlyRoot } from "./kubernetes-workload-require-read-only-root";
import { kubernetesWorkloadRequireResources } from "./kubernetes-workload-require-resources";
import { kubernetesWorkloadRequireRestrictedContext } from "./kubernetes-workload-require-restricted-context";
import { localContainerDisallowHostControl } from "./local-container-disallow-host-control";
import { localContainerDisallowNewPrivileges } from "./local-container-disallow-new-privileges";
import { localContainerLimitMemory } from "./local-container-limit-memory";
import { localContainerRequireHealth } from "./local-container-require-health";
import { localPortConfigureLoopback } from "./local-port-configure-loopback";
import { localPortDisallowDataStore } from "./local-port-disallow-data-store";
import { localVolumeProtectData } from "./local-volume-protect-data";
import { managedClusterRequireBaseline } from "./managed-cluster-require-baseline";
import { networkEdgeRequireHttps } from "./network-edge-require-https";
import { networkFirewallDisallowOpenPorts } from "./network-firewall-disallow-open-ports";
import { networkLoadBalancerRequireStreamTimeout } from "./network-load-balancer-require-stream-timeout";
import { networkProxyRequireRedirect } from "./network-proxy-require-redirect";
import { resourceDataRequireProtection } from "./resource-data-require-protection";
import { serverlessServiceRequireLimits } from "./serverless-service-require-limits";
import { stackImageMatchDigest } from "./stack-image-match-digest";
import { stackReleaseMatchPromotion } from "./stack-release-match-promotion";
import { storageBucketDisallowPublic } from "./storage-bucket-disallow-public";

export const RULES: readonly Rule[] = [
  containerImageRequireDigest,
  containerImageRequireAllowedRegistry,
  containerImageRequireEvidence,
  containerImageLimitSize,
  containerImageDisallowFixableVulnerabilities,
  containerImageRequirePlatforms,
  containerImageRequireSignature,
  stackReleaseMatchPromotion,
  stackImageMatchDigest,
  dockerBuildImageProtectPushed,
  dockerBuildImageDisallowSecretArguments,
  dockerBuildImageDisallowPullAndPush,
  dockerBuildImageConfigureBuild,
  containerEnvironmentDisallowSecret,
  containerEnvironmentDisallowDefaultCredential,
  kubernetesWorkloadDisallowRoot,
  kubernetesWorkloadRequireRestrictedContext,
  kubernetesWorkloadDisallowHostAccess,
  kubernetesWorkloadRequireReadOnlyRoot,
  kubernetesWorkloadRequireResources,
  kubernetesWorkloadRequireProbes,
  kubernetesWorkloadDisableAccountToken,
  kubernetesWorkloadRequireDisruptionBudget,
  kubernetesNamespaceRequireNetworkPolicy,
  kubernetesNamespaceRequirePodSecurity,
  kubernetesIngressRequireTls,
  kubernetesAutoscalerConfigureReplicas,
  kubernetesReleaseDisallowOpaque,
  kubernetesWorkloadLimitScratch,
  awsEcsTaskDefinitionRequireHardening,
  awsEcsServiceDisallowPublicIp,
  awsEcsServiceConfigureSafeRollout,
  awsEcrRepositoryProtectImages,
  databaseInstanceRequirePrivateTls,
  databaseInstanceRequireBackups,
  cacheInstanceRequireAuthAndTls,
  networkFirewallDisallowOpenPorts,
  networkEdgeRequireHttps,
  networkProxyRequireRedirect,
  managedClusterRequireBaseline,
  serverlessServiceRequireLimits,
  localContainerDisallowHostControl,
  localContainerLimitMemory,
  localContainerRequireHealth,
  localPortConfigureLoopback,
  localPortDisallowDataStore,
  localContainerDisallowNewPrivileges,
  localVolumeProtectData,
  resourceDataRequireProtection,
  networkLoadBalancerRequireStreamTimeout,
  cloudResourceDisallowRetiredService,
  cloudIdentityDisallowEverything,
  cloudIdentityLimitFederation,
  cloudLogConfigureRetention,
  storageBucketDisallowPublic,
  cloudResourceRequireTags,
];
