/** Every rule, in order of priority. */
import type { Rule } from "../rule";
import { awsEcrRepositoryProtectImages } from "./aws-ecr-repository-protect-images";
import { awsEcsServiceConfigureSafeRollout } from "./aws-ecs-service-configure-safe-rollout";
import { awsEcsServiceDisallowPublicIp } from "./aws-ecs-service-disallow-public-ip";
import { awsEcsTaskDefinitionRequireHardening } from "./aws-ecs-task-definition-require-hardening";
import { cacheInstanceRequireAuthAndTls } from "./cache-instance-require-auth-and-tls";
import { cloudResourceDisallowRetiredService } from "./cloud-resource-disallow-retired-service";
import { containerImageRequireDigest } from "./container-image-require-digest";
import { databaseInstanceRequireBackups } from "./database-instance-require-backups";
import { databaseInstanceRequirePrivateTls } from "./database-instance-require-private-tls";
import { managedClusterRequireBaseline } from "./managed-cluster-require-baseline";
import { networkEdgeRequireHttps } from "./network-edge-require-https";
import { networkFirewallDisallowOpenPorts } from "./network-firewall-disallow-open-ports";
import { networkLoadBalancerRequireStreamTimeout } from "./network-load-balancer-require-stream-timeout";
import { serverlessServiceRequireLimits } from "./serverless-service-require-limits";

export const RULES: readonly Rule[] = [
  containerImageRequireDigest,
  awsEcsTaskDefinitionRequireHardening,
  awsEcsServiceDisallowPublicIp,
  awsEcsServiceConfigureSafeRollout,
  awsEcrRepositoryProtectImages,
  databaseInstanceRequirePrivateTls,
  databaseInstanceRequireBackups,
  cacheInstanceRequireAuthAndTls,
  networkFirewallDisallowOpenPorts,
  networkEdgeRequireHttps,
  managedClusterRequireBaseline,
  serverlessServiceRequireLimits,
  networkLoadBalancerRequireStreamTimeout,
  cloudResourceDisallowRetiredService,
];
