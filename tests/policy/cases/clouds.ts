/** The cases of the rules about the clouds' services. */
import type { RuleCases } from "../support/rule-cases";
import { cases as awsEcrRepositoryProtectImages } from "./aws-ecr-repository-protect-images";
import { cases as awsEcsServiceConfigureSafeRollout } from "./aws-ecs-service-configure-safe-rollout";
import { cases as awsEcsServiceDisallowPublicIp } from "./aws-ecs-service-disallow-public-ip";
import { cases as awsEcsTaskDefinitionRequireHardening } from "./aws-ecs-task-definition-require-hardening";
import { cases as cacheInstanceRequireAuthAndTls } from "./cache-instance-require-auth-and-tls";
import { cases as cloudIdentityDisallowEverything } from "./cloud-identity-disallow-everything";
import { cases as cloudIdentityLimitFederation } from "./cloud-identity-limit-federation";
import { cases as cloudLogConfigureRetention } from "./cloud-log-configure-retention";
import { cases as cloudResourceDisallowRetiredService } from "./cloud-resource-disallow-retired-service";
import { cases as cloudResourceRequireTags } from "./cloud-resource-require-tags";
import { cases as databaseInstanceRequireBackups } from "./database-instance-require-backups";
import { cases as databaseInstanceRequirePrivateTls } from "./database-instance-require-private-tls";
import { cases as managedClusterRequireBaseline } from "./managed-cluster-require-baseline";
import { cases as networkEdgeRequireHttps } from "./network-edge-require-https";
import { cases as networkFirewallDisallowOpenPorts } from "./network-firewall-disallow-open-ports";
import { cases as networkLoadBalancerRequireStreamTimeout } from "./network-load-balancer-require-stream-timeout";
import { cases as networkProxyRequireRedirect } from "./network-proxy-require-redirect";
import { cases as serverlessServiceRequireLimits } from "./serverless-service-require-limits";
import { cases as storageBucketDisallowPublic } from "./storage-bucket-disallow-public";

export const cases: readonly RuleCases[] = [
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
  networkLoadBalancerRequireStreamTimeout,
  cloudResourceDisallowRetiredService,
  cloudIdentityDisallowEverything,
  cloudIdentityLimitFederation,
  cloudLogConfigureRetention,
  storageBucketDisallowPublic,
  cloudResourceRequireTags,
];
