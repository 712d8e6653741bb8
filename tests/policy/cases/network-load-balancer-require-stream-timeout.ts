import { networkLoadBalancerRequireStreamTimeout } from "../../../policy/rules/network-load-balancer-require-stream-timeout";
import { UNKNOWN } from "../../../policy/value";
import { CLOUD_RUN } from "../support/cloud-samples";
import { remove, resource, set, setIn, type RuleCases } from "../support/rule-cases";

const ALB = resource("aws:lb/loadBalancer:LoadBalancer", { loadBalancerType: "application", idleTimeout: 4000 });
const BACKEND = resource("gcp:compute/backendService:BackendService", { healthChecks: "ready", timeoutSec: 3600 });
const GATEWAY = resource("azure-native:network:ApplicationGateway", {
  backendHttpSettingsCollection: [
    { name: "api", requestTimeout: 3600 },
    { name: "web", requestTimeout: 86400 },
  ],
});

const cut = (wanted: number, byDefault: number) =>
  `a streamed answer is cut: at least ${wanted} s is wanted, and the platform's default is ${byDefault} s`;

export const cases: RuleCases = {
  rule: networkLoadBalancerRequireStreamTimeout,
  baseline: [ALB, CLOUD_RUN, BACKEND, GATEWAY],
  violations: [
    {
      when: "an ALB waits a second less",
      change: set("idleTimeout", 3999),
      path: "idleTimeout",
      message: cut(4000, 60),
    },
    {
      when: "an ALB waits as long as it does by default",
      change: remove("idleTimeout"),
      path: "idleTimeout",
      message: cut(4000, 60),
    },
    {
      when: "a load balancer is an ALB by default",
      change: () => [{ ...ALB, type: "aws:alb/loadBalancer:LoadBalancer", properties: { idleTimeout: 60 } }],
      path: "idleTimeout",
      message: cut(4000, 60),
    },
    {
      when: "Cloud Run ends a request after five minutes",
      change: setIn(1, "template.timeout", "300s"),
      path: "template.timeout",
      message: cut(3600, 300),
    },
    {
      when: "Cloud Run's timeout is its default",
      change: setIn(1, "template.timeout", undefined),
      path: "template.timeout",
      message: cut(3600, 300),
    },
    {
      when: "Cloud Run's timeout is no duration",
      change: setIn(1, "template.timeout", "1 h 3600s"),
      path: "template.timeout",
      message: cut(3600, 300),
    },
    {
      when: "Cloud Run's timeout has more behind it",
      change: setIn(1, "template.timeout", "3600s ago"),
      path: "template.timeout",
      message: cut(3600, 300),
    },
    {
      when: "a backend service's timeout is Google's default",
      change: setIn(2, "timeoutSec", undefined),
      path: "timeoutSec",
      message: cut(3600, 30),
    },
    {
      when: "a regional backend service waits for half a minute",
      change: () => [
        {
          ...BACKEND,
          type: "gcp:compute/regionBackendService:RegionBackendService",
          properties: { healthChecks: "ready", timeoutSec: 30 },
        },
      ],
      path: "timeoutSec",
      message: cut(3600, 30),
    },
    {
      when: "a gateway's timeout is Azure's default, 20 s",
      change: setIn(3, "backendHttpSettingsCollection[1].requestTimeout", undefined),
      path: "backendHttpSettingsCollection[1].requestTimeout",
      message: cut(3600, 20),
    },
  ],
  allowed: [
    {
      when: "the load balancer is of the network's layer, which knows no requests",
      change: () => [{ ...ALB, properties: { loadBalancerType: "network" } }],
    },
    { when: "a duration has a fraction", change: setIn(1, "template.timeout", "3600.5s") },
    {
      when: "a backend is serverless, of which Google refuses a timeout",
      change: () => [{ ...BACKEND, properties: {} }],
    },
    { when: "a number is text", change: set("idleTimeout", "4000") },
  ],
  unknown: { when: "the timeout is unknown", change: set("idleTimeout", UNKNOWN), path: "idleTimeout" },
  embedded: { none: "the time that a request may take is no container's" },
};
