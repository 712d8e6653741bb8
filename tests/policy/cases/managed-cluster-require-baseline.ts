import { managedClusterRequireBaseline } from "../../../policy/rules/managed-cluster-require-baseline";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const EKS = resource("aws:eks/cluster:Cluster", {
  vpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["198.51.100.0/24"] },
  encryptionConfig: { resources: ["secrets"], provider: { keyArn: "arn:aws:kms:…" } },
  enabledClusterLogTypes: ["api", "audit", "authenticator", "scheduler"],
});
const GKE = resource("gcp:container/cluster:Cluster", {
  masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "198.51.100.0/24" }] },
  workloadIdentityConfig: { workloadPool: "ralex.svc.id.goog" },
  databaseEncryption: { state: "ENCRYPTED", keyName: "projects/…" },
  releaseChannel: { channel: "REGULAR" },
});
const NODES = resource("gcp:container/nodePool:NodePool", {
  management: { autoUpgrade: true },
  nodeConfig: {
    workloadMetadataConfig: { mode: "GKE_METADATA" },
    shieldedInstanceConfig: { enableSecureBoot: true },
  },
});
const AKS = resource("azure-native:containerservice:ManagedCluster", {
  apiServerAccessProfile: { authorizedIPRanges: ["198.51.100.0/24"] },
  disableLocalAccounts: true,
  enableRBAC: true,
  securityProfile: { workloadIdentity: { enabled: true } },
  oidcIssuerProfile: { enabled: true },
  networkProfile: { networkPolicy: "cilium" },
  autoUpgradeProfile: { upgradeChannel: "patch" },
  addonProfiles: { omsagent: { enabled: true } },
});

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const OPEN = "the internet reaches the cluster's API: name the networks that may";
const KEY = "secrets are not encrypted by a key of yours";
const IDENTITY = "pods have no identity of their own (workload identity)";

export const cases: RuleCases = {
  rule: managedClusterRequireBaseline,
  baseline: [EKS, GKE, NODES, AKS],
  violations: [
    {
      when: "EKS's API is for the internet, as by default",
      change: remove("vpcConfig.publicAccessCidrs"),
      path: "vpcConfig.publicAccessCidrs",
      message: OPEN,
    },
    {
      when: "one of EKS's networks is the internet",
      change: set("vpcConfig.publicAccessCidrs[1]", "0.0.0.0/0"),
      path: "vpcConfig.publicAccessCidrs",
      message: OPEN,
    },
    {
      when: "EKS keeps secrets as they are",
      change: remove("encryptionConfig"),
      path: "encryptionConfig",
      message: KEY,
    },
    {
      when: "EKS encrypts something else",
      change: set("encryptionConfig.resources", ["configmaps"]),
      path: "encryptionConfig",
      message: KEY,
    },
    {
      when: "EKS does not log who came",
      change: set("enabledClusterLogTypes", ["api", "audit"]),
      path: "enabledClusterLogTypes",
      message: "the logs api, audit, authenticator are not all on",
    },
    {
      when: "GKE's API is for the internet",
      change: on(GKE, remove("masterAuthorizedNetworksConfig")),
      path: "masterAuthorizedNetworksConfig.cidrBlocks",
      message: OPEN,
    },
    {
      when: "one of GKE's networks is the internet",
      change: on(GKE, set("masterAuthorizedNetworksConfig.cidrBlocks[0].cidrBlock", "0.0.0.0/0")),
      path: "masterAuthorizedNetworksConfig.cidrBlocks",
      message: OPEN,
    },
    {
      when: "GKE's pods have their node's identity",
      change: on(GKE, remove("workloadIdentityConfig")),
      path: "workloadIdentityConfig.workloadPool",
      message: IDENTITY,
    },
    {
      when: "GKE keeps secrets as they are",
      change: on(GKE, set("databaseEncryption.state", "DECRYPTED")),
      path: "databaseEncryption.state",
      message: KEY,
    },
    {
      when: "GKE logs nothing",
      change: on(GKE, set("loggingService", "none")),
      path: "loggingService",
      message: "the cluster's logs are off",
    },
    {
      when: "GKE's nodes are not shielded",
      change: on(GKE, set("enableShieldedNodes", false)),
      path: "enableShieldedNodes",
      message: "nodes are not shielded",
    },
    {
      when: "GKE has the permissions of before",
      change: on(GKE, set("enableLegacyAbac", true)),
      path: "enableLegacyAbac",
      message: "the permissions of before RBAC are on",
    },
    {
      when: "GKE is in no channel",
      change: on(GKE, set("releaseChannel.channel", "UNSPECIFIED")),
      path: "releaseChannel.channel",
      message: "the cluster is in no release channel, so nobody brings it up to date",
    },
    {
      when: "GKE's nodes stay as they are",
      change: on(NODES, set("management.autoUpgrade", false)),
      path: "management.autoUpgrade",
      message: "nodes are not brought up to date",
    },
    {
      when: "pods ask their node who they are",
      change: on(NODES, set("nodeConfig.workloadMetadataConfig.mode", "GCE_METADATA")),
      path: "nodeConfig.workloadMetadataConfig.mode",
      message: "pods may take the identity of their node",
    },
    {
      when: "GKE's nodes boot anything",
      change: on(NODES, remove("nodeConfig.shieldedInstanceConfig")),
      path: "nodeConfig.shieldedInstanceConfig.enableSecureBoot",
      message: "nodes boot what is not signed",
    },
    {
      when: "AKS's API is for the internet",
      change: on(AKS, remove("apiServerAccessProfile")),
      path: "apiServerAccessProfile.authorizedIPRanges",
      message: OPEN,
    },
    {
      when: "AKS has local accounts",
      change: on(AKS, remove("disableLocalAccounts")),
      path: "disableLocalAccounts",
      message: "local accounts are on: their credentials belong to nobody and never end",
    },
    { when: "AKS has no RBAC", change: on(AKS, set("enableRBAC", false)), path: "enableRBAC", message: "RBAC is off" },
    {
      when: "AKS's pods have no identity",
      change: on(AKS, remove("securityProfile")),
      path: "securityProfile.workloadIdentity.enabled",
      message: IDENTITY,
    },
    {
      when: "AKS issues no tokens",
      change: on(AKS, set("oidcIssuerProfile.enabled", false)),
      path: "oidcIssuerProfile.enabled",
      message: "pods have no identity of their own (OIDC issuer)",
    },
    {
      when: "AKS enforces no policies",
      change: on(AKS, set("networkProfile.networkPolicy", "none")),
      path: "networkProfile.networkPolicy",
      message: "NetworkPolicies are not enforced",
    },
    {
      when: "AKS is told nothing of policies",
      change: on(AKS, remove("networkProfile")),
      path: "networkProfile.networkPolicy",
      message: "NetworkPolicies are not enforced",
    },
    {
      when: "AKS stays as it is",
      change: on(AKS, set("autoUpgradeProfile.upgradeChannel", "none")),
      path: "autoUpgradeProfile.upgradeChannel",
      message: "the cluster is not brought up to date",
    },
    {
      when: "AKS is told nothing of upgrades",
      change: on(AKS, remove("autoUpgradeProfile")),
      path: "autoUpgradeProfile.upgradeChannel",
      message: "the cluster is not brought up to date",
    },
    {
      when: "AKS logs nothing",
      change: on(AKS, set("addonProfiles.omsagent.enabled", false)),
      path: "addonProfiles.omsagent.enabled",
      message: "the cluster's logs are off",
    },
  ],
  allowed: [
    { when: "EKS's API is private", change: set("vpcConfig", { endpointPublicAccess: false }) },
    {
      when: "GKE's API is private",
      change: on(GKE, (one) =>
        set("privateClusterConfig.enablePrivateEndpoint", true)(remove("masterAuthorizedNetworksConfig")(one)),
      ),
    },
    {
      when: "GKE's API has no address",
      change: on(GKE, (one) =>
        set(
          "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled",
          false,
        )(remove("masterAuthorizedNetworksConfig")(one)),
      ),
    },
    {
      when: "GKE is an autopilot, whose pods have identities and whose nodes are shielded",
      change: on(GKE, (one) =>
        set("enableShieldedNodes", false)(set("enableAutopilot", true)(remove("workloadIdentityConfig")(one))),
      ),
    },
    { when: "GKE's channel is its default", change: on(GKE, remove("releaseChannel")) },
    { when: "GKE's nodes are upgraded by default", change: on(NODES, remove("management")) },
    {
      when: "GKE's nodes have the cluster's default of metadata",
      change: on(NODES, remove("nodeConfig.workloadMetadataConfig")),
    },
    { when: "AKS's API is private", change: on(AKS, set("apiServerAccessProfile", { enablePrivateCluster: true })) },
    { when: "AKS has RBAC by default", change: on(AKS, remove("enableRBAC")) },
  ],
  unknown: {
    when: "the networks are unknown",
    change: set("vpcConfig.publicAccessCidrs", UNKNOWN),
    path: "vpcConfig.publicAccessCidrs",
  },
  embedded: { none: "a cluster is what pods run on" },
};
