/** What a managed cluster has to be configured to, cloud by cloud: each a value, whether it is as wanted, and what is wrong. */
import { isEveryone } from "./address-range";
import { isSet } from "./by-type";
import type { Value } from "./value";

export interface Requirement {
  readonly at: Value;
  readonly isKept: boolean;
  readonly message: string;
}

const require = (at: Value, isKept: boolean, message: string): Requirement => ({ at, isKept, message });

const OPEN_API = "the internet reaches the cluster's API: name the networks that may";

/** Whether a list of networks is given, and none of them is the internet. */
const isLimited = (ranges: readonly Value[]): boolean =>
  ranges.length > 0 && !ranges.some(({ text }) => isEveryone(text ?? ""));

/** What has to be in EKS's log for an incident to be understood. */
const EKS_LOGS: readonly string[] = ["api", "audit", "authenticator"];

export function eksRequirements(properties: Value): readonly Requirement[] {
  const network = properties.get("vpcConfig");
  const ranges = network.get("publicAccessCidrs");
  const encrypted = properties.get("encryptionConfig");
  const logs = properties.get("enabledClusterLogTypes");
  const texts = (list: Value): readonly string[] => list.items().flatMap(({ text }) => text ?? []);
  return [
    require(ranges, network.get("endpointPublicAccess").isFalse || isLimited(ranges.items()), OPEN_API),
    require(encrypted, texts(encrypted.get("resources")).includes(
      "secrets",
    ), "secrets are not encrypted by a key of yours"),
    require(logs, EKS_LOGS.every((log) => texts(logs).includes(log)), `the logs ${EKS_LOGS.join(", ")} are not all on`),
  ];
}

export function gkeRequirements(properties: Value): readonly Requirement[] {
  const ranges = properties.at("masterAuthorizedNetworksConfig", "cidrBlocks");
  const isPrivate =
    properties.at("privateClusterConfig", "enablePrivateEndpoint").isTrue ||
    properties.at("controlPlaneEndpointsConfig", "ipEndpointsConfig", "enabled").isFalse;
  const pool = properties.at("workloadIdentityConfig", "workloadPool");
  const encrypted = properties.at("databaseEncryption", "state");
  const logging = properties.get("loggingService");
  const shielded = properties.get("enableShieldedNodes");
  const legacy = properties.get("enableLegacyAbac");
  const channel = properties.at("releaseChannel", "channel");
  const limits = ranges.items().map((block) => block.get("cidrBlock"));
  // An autopilot cluster always has both.
  const isAutopilot = properties.get("enableAutopilot").isTrue;
  return [
    require(ranges, isPrivate || isLimited(limits), OPEN_API),
    require(pool, isAutopilot || isSet(pool), "pods have no identity of their own (workload identity)"),
    require(encrypted, encrypted.text === "ENCRYPTED", "secrets are not encrypted by a key of yours"),
    require(logging, logging.text !== "none", "the cluster's logs are off"),
    require(shielded, isAutopilot || !shielded.isFalse, "nodes are not shielded"),
    require(legacy, !legacy.isTrue, "the permissions of before RBAC are on"),
    require(channel, channel.text !==
      "UNSPECIFIED", "the cluster is in no release channel, so nobody brings it up to date"),
  ];
}

export function gkeNodeRequirements(properties: Value): readonly Requirement[] {
  const upgrade = properties.at("management", "autoUpgrade");
  const metadata = properties.at("nodeConfig", "workloadMetadataConfig", "mode");
  const secureBoot = properties.at("nodeConfig", "shieldedInstanceConfig", "enableSecureBoot");
  return [
    require(upgrade, !upgrade.isFalse, "nodes are not brought up to date"),
    require(metadata, metadata.text !== "GCE_METADATA", "pods may take the identity of their node"),
    require(secureBoot, secureBoot.isTrue, "nodes boot what is not signed"),
  ];
}

export function aksRequirements(properties: Value): readonly Requirement[] {
  const api = properties.get("apiServerAccessProfile");
  const ranges = api.get("authorizedIPRanges");
  const local = properties.get("disableLocalAccounts");
  const rbac = properties.get("enableRBAC");
  const identity = properties.at("securityProfile", "workloadIdentity", "enabled");
  const issuer = properties.at("oidcIssuerProfile", "enabled");
  const policy = properties.at("networkProfile", "networkPolicy");
  const channel = properties.at("autoUpgradeProfile", "upgradeChannel");
  const logs = properties.at("addonProfiles", "omsagent", "enabled");
  return [
    require(ranges, api.get("enablePrivateCluster").isTrue || isLimited(ranges.items()), OPEN_API),
    require(local, local.isTrue, "local accounts are on: their credentials belong to nobody and never end"),
    require(rbac, !rbac.isFalse, "RBAC is off"),
    require(identity, identity.isTrue, "pods have no identity of their own (workload identity)"),
    require(issuer, issuer.isTrue, "pods have no identity of their own (OIDC issuer)"),
    require(policy, isSet(policy) && policy.text !== "none", "NetworkPolicies are not enforced"),
    require(channel, isSet(channel) && channel.text !== "none", "the cluster is not brought up to date"),
    require(logs, logs.isTrue, "the cluster's logs are off"),
  ];
}
