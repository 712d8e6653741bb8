import { byType, each } from "../by-type";
import { unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** The longest that the API may stream an answer, in seconds: the upper bound of `upstreamTimeoutSeconds`, and the edge's. */
const LONGEST_STREAM = 3600;
/** An ALB's idle timeout goes to 4000 s, and a stream's last byte may be later than its upstream's. */
const ALB_IDLE = 4000;

/** A load balancer that gives up first cuts an answer in the middle, and the client sees a broken stream. */
export const networkLoadBalancerRequireStreamTimeout: ResourceRule = {
  scope: "resource",
  id: "LB-01",
  name: "network-load-balancer-require-stream-timeout",
  title: "A load balancer waits longer than the longest streamed answer",
  severity: "high",
  reason: {
    source:
      "ALB idle timeout 60 s, Cloud Run 300 s, Application Gateway 20 s and Google's backend services 30 s by default",
    link: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#connection-idle-timeout",
  },
  fix: `Set idleTimeout ${ALB_IDLE} on an ALB, template.timeout ${LONGEST_STREAM}s on Cloud Run, requestTimeout ${LONGEST_STREAM} or more on each backend setting of an Application Gateway, and timeoutSec on a Google backend service.`,
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    ...each(["aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"], (resource, properties) =>
      (properties.get("loadBalancerType").text ?? "application") === "application"
        ? atLeast(resource, properties.get("idleTimeout"), ALB_IDLE, 60)
        : [],
    ),
    "gcp:cloudrunv2/service:Service": (resource, properties) => {
      const timeout = properties.at("template", "timeout");
      return unless(durationSeconds(timeout) >= LONGEST_STREAM, resource, timeout, tooShort(LONGEST_STREAM, 300));
    },
    // Of a serverless backend, which has no health check, Google refuses a timeout.
    ...each(
      ["gcp:compute/backendService:BackendService", "gcp:compute/regionBackendService:RegionBackendService"],
      (resource, properties) =>
        properties.get("healthChecks").isAbsent
          ? []
          : atLeast(resource, properties.get("timeoutSec"), LONGEST_STREAM, 30),
    ),
    "azure-native:network:ApplicationGateway": (resource, properties) =>
      properties
        .get("backendHttpSettingsCollection")
        .items()
        .flatMap((settings) => atLeast(resource, settings.get("requestTimeout"), LONGEST_STREAM, 20)),
  }),
};

const tooShort = (wanted: number, byDefault: number): string =>
  `a streamed answer is cut: at least ${wanted} s is wanted, and the platform's default is ${byDefault} s`;

const atLeast = (resource: Resource, value: Value, wanted: number, byDefault: number): readonly Finding[] =>
  unless((value.number ?? byDefault) >= wanted, resource, value, tooShort(wanted, byDefault));

/** Seconds of Google's form of a duration, `3600s`; 0 for what is none. */
const durationSeconds = ({ text = "" }: Value): number => Number(/^(\d+(?:\.\d+)?)s$/.exec(text)?.[1] ?? 0);
