import { networkEdgeRequireHttps } from "../../../policy/rules/network-edge-require-https";
import { UNKNOWN } from "../../../policy/value";
import { CLOUD_RUN } from "../support/cloud-samples";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const HTTPS = resource("aws:lb/listener:Listener", {
  port: 443,
  protocol: "HTTPS",
  sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
  defaultActions: [{ type: "forward", targetGroupArn: "arn:aws:elasticloadbalancing:…" }],
});
const HTTP = resource("aws:alb/listener:Listener", {
  port: 80,
  protocol: "HTTP",
  defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
});
const SSL_POLICY = resource("gcp:compute/sSLPolicy:SSLPolicy", { minTlsVersion: "TLS_1_2" });
const PROXY = resource("gcp:compute/targetHttpsProxy:TargetHttpsProxy", { sslPolicy: "modern" });
const GATEWAY = resource("azure-native:network:ApplicationGateway", {
  httpListeners: [
    { name: "plain", protocol: "Http" },
    { name: "secure", protocol: "Https" },
  ],
  requestRoutingRules: [
    {
      name: "to-https",
      httpListener: { id: "/subscriptions/…/httpListeners/plain" },
      redirectConfiguration: { id: "/subscriptions/…/redirectConfigurations/to-https" },
    },
    { name: "api", httpListener: { id: "/subscriptions/…/httpListeners/secure" }, backendAddressPool: { id: "api" } },
  ],
  sslPolicy: { policyType: "Predefined", policyName: "AppGwSslPolicy20220101" },
});

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const OLD = "a TLS older than 1.2 is allowed: a policy of 1.2 or newer is wanted";
const IN_CLEAR = "the listener serves without TLS: it may only redirect to HTTPS";
const PAST = "the service is reached past the load balancer";

export const cases: RuleCases = {
  rule: networkEdgeRequireHttps,
  baseline: [HTTPS, HTTP, SSL_POLICY, PROXY, CLOUD_RUN, GATEWAY],
  violations: [
    { when: "AWS's policy is its default", change: remove("sslPolicy"), path: "sslPolicy", message: OLD },
    {
      when: "AWS's policy has TLS 1.0",
      change: set("sslPolicy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
      path: "sslPolicy",
      message: OLD,
    },
    {
      when: "a policy only ends as AWS's do",
      change: set("sslPolicy", "my-ELBSecurityPolicy-TLS13-1-2-2021-06"),
      path: "sslPolicy",
      message: OLD,
    },
    {
      when: "a listener of the network's layer has an old policy",
      change: (baseline) => set("protocol", "TLS")(set("sslPolicy", "ELBSecurityPolicy-2016-08")(baseline)),
      path: "sslPolicy",
      message: OLD,
    },
    {
      when: "a listener forwards what is in clear",
      change: on(HTTP, set("defaultActions[0]", { type: "forward", targetGroupArn: "arn:aws:…" })),
      path: "defaultActions[0]",
      message: IN_CLEAR,
    },
    {
      when: "a listener redirects to where it is in clear too",
      change: on(HTTP, set("defaultActions[0].redirect.protocol", "HTTP")),
      path: "defaultActions[0]",
      message: IN_CLEAR,
    },
    {
      when: "a listener has a second action that is no redirect",
      change: on(HTTP, set("defaultActions[1]", { type: "forward" })),
      path: "defaultActions[1]",
      message: IN_CLEAR,
    },
    {
      when: "a listener in clear has no actions",
      change: on(HTTP, remove("defaultActions")),
      path: "defaultActions",
      message: IN_CLEAR,
    },
    {
      when: "Google's policy is told nothing, which is TLS 1.0",
      change: on(SSL_POLICY, remove("minTlsVersion")),
      path: "minTlsVersion",
      message: OLD,
    },
    {
      when: "Google's policy has TLS 1.1",
      change: on(SSL_POLICY, set("minTlsVersion", "TLS_1_1")),
      path: "minTlsVersion",
      message: OLD,
    },
    { when: "Google's proxy has no policy", change: on(PROXY, remove("sslPolicy")), path: "sslPolicy", message: OLD },
    {
      when: "Cloud Run is reached by everybody, as by default",
      change: on(CLOUD_RUN, remove("ingress")),
      path: "ingress",
      message: PAST,
    },
    {
      when: "Cloud Run is reached by everybody",
      change: on(CLOUD_RUN, set("ingress", "INGRESS_TRAFFIC_ALL")),
      path: "ingress",
      message: PAST,
    },
    {
      when: "Azure's listener in clear serves",
      change: on(GATEWAY, remove("requestRoutingRules[0].redirectConfiguration")),
      path: "httpListeners[0].protocol",
      message: IN_CLEAR,
    },
    {
      when: "Azure's listener in clear has no rule at all",
      change: on(GATEWAY, set("httpListeners[2]", { name: "other", protocol: "http" })),
      path: "httpListeners[2].protocol",
      message: IN_CLEAR,
    },
    {
      when: "Azure's policy is its default",
      change: on(GATEWAY, remove("sslPolicy")),
      path: "sslPolicy",
      message: OLD,
    },
    {
      when: "Azure's policy is an old one",
      change: on(GATEWAY, set("sslPolicy.policyName", "AppGwSslPolicy20150501")),
      path: "sslPolicy",
      message: OLD,
    },
    {
      when: "Azure's policy of our own has TLS 1.0",
      change: on(GATEWAY, set("sslPolicy", { policyType: "CustomV2", minProtocolVersion: "TLSv1_0" })),
      path: "sslPolicy",
      message: OLD,
    },
  ],
  allowed: [
    { when: "AWS's policy is TLS 1.3 alone", change: set("sslPolicy", "ELBSecurityPolicy-TLS13-1-3-2021-06") },
    { when: "AWS's policy is TLS 1.2 alone", change: set("sslPolicy", "ELBSecurityPolicy-TLS-1-2-2017-01") },
    { when: "AWS's policy has forward secrecy", change: set("sslPolicy", "ELBSecurityPolicy-FS-1-2-Res-2020-10") },
    { when: "the listener passes TCP on", change: (baseline) => set("protocol", "TCP")(remove("sslPolicy")(baseline)) },
    { when: "Google's policy has TLS 1.3", change: on(SSL_POLICY, set("minTlsVersion", "TLS_1_3")) },
    { when: "Google's policy is made in the same update", change: on(PROXY, set("sslPolicy", UNKNOWN)) },
    {
      when: "Cloud Run has no address of its own",
      change: on(CLOUD_RUN, (one) => set("defaultUriDisabled", true)(set("ingress", "INGRESS_TRAFFIC_ALL")(one))),
    },
    {
      when: "Cloud Run is reached from within",
      change: on(CLOUD_RUN, set("ingress", "INGRESS_TRAFFIC_INTERNAL_ONLY")),
    },
    {
      when: "it is an environment of development on Cloud Run",
      change: on(CLOUD_RUN, remove("ingress")),
      context: { isPromoted: false },
    },
    {
      when: "Azure's policy of our own has TLS 1.3",
      change: on(GATEWAY, set("sslPolicy", { policyType: "CustomV2", minProtocolVersion: "TLSv1_3" })),
    },
    {
      when: "Azure's listener has no protocol",
      change: on(GATEWAY, set("httpListeners[2]", { name: "none" })),
    },
    { when: "Azure's gateway has no listener in clear", change: on(GATEWAY, remove("httpListeners")) },
  ],
  unknown: { when: "the protocol is unknown", change: set("protocol", UNKNOWN), path: "protocol" },
  embedded: { none: "what listens at the edge is a platform's, and no container" },
};
