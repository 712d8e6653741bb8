import { byType, each, isSet, required, type PlainCheck } from "../by-type";
import { finding, unless, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** A key or a session that is sent once in clear belongs to whoever listened. */
export const networkEdgeRequireHttps: ResourceRule = {
  scope: "resource",
  id: "NET-02",
  name: "network-edge-require-https",
  title: "The edge speaks TLS 1.2 or newer, and port 80 only leads there",
  severity: "high",
  reason: {
    source: "AWS Security Hub ELB.1, ELB.17; Google, SSL policies; Azure, Application Gateway TLS policy",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html",
  },
  fix: "Redirect HTTP to HTTPS, name a policy of TLS 1.2 or newer (ELBSecurityPolicy-TLS13-1-2-…, minTlsVersion TLS_1_2, AppGwSslPolicy20220101), and let Cloud Run be reached through the load balancer.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    ...each(["aws:lb/listener:Listener", "aws:alb/listener:Listener"], (resource, properties) =>
      listener(resource, properties),
    ),
    "gcp:compute/sSLPolicy:SSLPolicy": (resource, properties) => {
      const version = properties.get("minTlsVersion");
      return unless(["TLS_1_2", "TLS_1_3"].includes(version.text ?? ""), resource, version, OLD_TLS);
    },
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": (resource, properties) =>
      required(resource, properties.get("sslPolicy"), OLD_TLS),
    // What TLS its own address takes is Google's choice, and it leads past the load balancer's rules.
    "gcp:cloudrunv2/service:Service": (resource, properties, { isPromoted }) => {
      const ingress = properties.get("ingress");
      const isClosed = properties.get("defaultUriDisabled").isTrue || !OPEN_INGRESS.includes(ingress.text ?? "");
      return isPromoted ? unless(isClosed, resource, ingress, "the service is reached past the load balancer") : [];
    },
    "azure-native:network:ApplicationGateway": (resource, properties) => [
      ...azureListeners(resource, properties),
      ...azurePolicy(resource, properties),
    ],
  }),
};

const OLD_TLS = "a TLS older than 1.2 is allowed: a policy of 1.2 or newer is wanted";
const IN_CLEAR = "the listener serves without TLS: it may only redirect to HTTPS";

/** Cloud Run's ingress where nothing is said is all traffic. */
const OPEN_INGRESS: readonly string[] = ["", "INGRESS_TRAFFIC_ALL"];

/** Names of AWS's policies that begin with TLS 1.2. */
const MODERN_POLICY = /^ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)/;

const listener: PlainCheck = (resource, properties) => {
  const protocol = properties.get("protocol");
  const policy = properties.get("sslPolicy");
  switch (protocol.text) {
    case "HTTPS":
    case "TLS":
      return unless(MODERN_POLICY.test(policy.text ?? ""), resource, policy, OLD_TLS);
    case "HTTP": {
      const actions = properties.get("defaultActions");
      const others = actions.items().filter((action) => action.at("redirect", "protocol").text !== "HTTPS");
      return others.length === 0 && !actions.isAbsent ? [] : [finding(resource, others[0] ?? actions, IN_CLEAR)];
    }
    default:
      // TCP is passed on as it is; what is unknown may be HTTP.
      return protocol.isUnknown ? [finding(resource, protocol, IN_CLEAR)] : [];
  }
};

/** Azure's resources point at each other by ids that end with the name of what is meant. */
const lastName = ({ text = "" }: Value): string => text.split("/").at(-1) ?? "";

const azureListeners: PlainCheck = (resource, properties) => {
  const redirecting = properties
    .get("requestRoutingRules")
    .items()
    .filter((rule) => isSet(rule.get("redirectConfiguration")))
    .map((rule) => lastName(rule.at("httpListener", "id")));
  return properties
    .get("httpListeners")
    .items()
    .filter((one) => one.get("protocol").isUnknown || (one.get("protocol").text ?? "").toLowerCase() === "http")
    .filter((one) => !redirecting.includes(one.get("name").text ?? ""))
    .map((one) => finding(resource, one.get("protocol"), IN_CLEAR));
};

/** Azure's own policies that begin with TLS 1.2. */
const AZURE_POLICIES: readonly string[] = [
  "AppGwSslPolicy20170401S",
  "AppGwSslPolicy20220101",
  "AppGwSslPolicy20220101S",
];

const azurePolicy: PlainCheck = (resource, properties) => {
  const policy = properties.get("sslPolicy");
  const isModern = ["TLSv1_2", "TLSv1_3"].includes(policy.get("minProtocolVersion").text ?? "");
  return unless(isModern || AZURE_POLICIES.includes(policy.get("policyName").text ?? ""), resource, policy, OLD_TLS);
};
