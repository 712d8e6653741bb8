import { finding, propertiesOf, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Percentages of the wanted tasks that keep a service whole while tasks are replaced: nothing is taken before its successor. */
const ROLLOUT = { leastHealthy: 100, mostRunning: 200 } as const;

/** A release that does not come up has to be taken back by the platform, and must not take down what runs. */
export const awsEcsServiceConfigureSafeRollout: ResourceRule = {
  scope: "resource",
  id: "ECS-03",
  name: "aws-ecs-service-configure-safe-rollout",
  title: "A service is replaced without a gap, and goes back by itself",
  severity: "medium",
  reason: {
    source: "Amazon ECS, deployment circuit breaker; Fargate capacity providers",
    link: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",
  },
  fix: "Set deploymentCircuitBreaker {enable, rollback} true, deploymentMinimumHealthyPercent 100, deploymentMaximumPercent 200, and a base of 1 or more on FARGATE beside any FARGATE_SPOT.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: ["aws:ecs/service:Service"],
  check: (resource, { isPromoted }) => {
    const properties = propertiesOf(resource);
    // CODE_DEPLOY and EXTERNAL bring a rollout of their own, and ECS refuses the circuit breaker with them.
    const controller = properties.at("deploymentController", "type").text ?? "ECS";
    return [
      ...(controller === "ECS" ? breaker(resource, properties.get("deploymentCircuitBreaker")) : []),
      ...percentages(resource, properties),
      ...(isPromoted ? regularCapacity(resource, properties.get("capacityProviderStrategies")) : []),
    ];
  },
};

const breaker = (resource: Resource, value: Value): readonly Finding[] =>
  ["enable", "rollback"].flatMap((name) =>
    unless(value.get(name).isTrue, resource, value.get(name), `the deployment circuit breaker's ${name} is not true`),
  );

/** Absent percentages are ECS's own defaults, 100 and 200. A daemon service never has two tasks on a machine. */
function percentages(resource: Resource, properties: Value): readonly Finding[] {
  const least = properties.get("deploymentMinimumHealthyPercent");
  const most = properties.get("deploymentMaximumPercent");
  const isDaemon = properties.get("schedulingStrategy").text === "DAEMON";
  if (isDaemon) return [];
  return [
    ...unless(
      least.isAbsent || (least.number ?? 0) >= ROLLOUT.leastHealthy,
      resource,
      least,
      `tasks are taken before their successors are healthy: at least ${ROLLOUT.leastHealthy} is wanted`,
    ),
    ...unless(
      most.isAbsent || (most.number ?? 0) >= ROLLOUT.mostRunning,
      resource,
      most,
      `there is no room for a successor beside a task: at least ${ROLLOUT.mostRunning} is wanted`,
    ),
  ];
}

/** Spot tasks may all be taken at once, with two minutes' notice. */
function regularCapacity(resource: Resource, strategies: Value): readonly Finding[] {
  if (strategies.isUnknown) return [finding(resource, strategies, "the service's capacity is unknown")];
  const items = strategies.items();
  const isSpot = (item: Value): boolean => (item.get("capacityProvider").text ?? "").endsWith("_SPOT");
  const hasBase = items.some((item) => !isSpot(item) && (item.get("base").number ?? 0) >= 1);
  return items.some(isSpot) && !hasBase
    ? [finding(resource, strategies, "every task may be on spot capacity: no regular provider has a base of 1 or more")]
    : [];
}
