import { awsEcsServiceConfigureSafeRollout } from "../../../policy/rules/aws-ecs-service-configure-safe-rollout";
import { UNKNOWN } from "../../../policy/value";
import { ECS_SERVICE } from "../support/cloud-samples";
import { remove, set, type RuleCases } from "../support/rule-cases";

const LEAST = "tasks are taken before their successors are healthy: at least 100 is wanted";
const MOST = "there is no room for a successor beside a task: at least 200 is wanted";
const SPOT = "every task may be on spot capacity: no regular provider has a base of 1 or more";
const onlySpot = set("capacityProviderStrategies", [{ capacityProvider: "FARGATE_SPOT", base: 1, weight: 1 }]);

export const cases: RuleCases = {
  rule: awsEcsServiceConfigureSafeRollout,
  baseline: [ECS_SERVICE],
  violations: [
    {
      when: "a failed rollout is not seen",
      change: set("deploymentCircuitBreaker.enable", false),
      path: "deploymentCircuitBreaker.enable",
      message: "the deployment circuit breaker's enable is not true",
    },
    {
      when: "a failed rollout is not taken back",
      change: remove("deploymentCircuitBreaker.rollback"),
      path: "deploymentCircuitBreaker.rollback",
      message: "the deployment circuit breaker's rollback is not true",
    },
    {
      when: "the controller is ECS by name and there is no rollback",
      change: (baseline) =>
        set("deploymentController.type", "ECS")(remove("deploymentCircuitBreaker.rollback")(baseline)),
      path: "deploymentCircuitBreaker.rollback",
      message: "the deployment circuit breaker's rollback is not true",
    },
    {
      when: "half of the tasks may be missing",
      change: set("deploymentMinimumHealthyPercent", 50),
      path: "deploymentMinimumHealthyPercent",
      message: LEAST,
    },
    {
      when: "no task may be added",
      change: set("deploymentMaximumPercent", 100),
      path: "deploymentMaximumPercent",
      message: MOST,
    },
    {
      when: "a percentage is no number",
      change: set("deploymentMaximumPercent", "twice"),
      path: "deploymentMaximumPercent",
      message: MOST,
    },
    { when: "all tasks are on spot capacity", change: onlySpot, path: "capacityProviderStrategies", message: SPOT },
    {
      when: "the regular provider has no base",
      change: remove("capacityProviderStrategies[0].base"),
      path: "capacityProviderStrategies",
      message: SPOT,
    },
    {
      when: "the regular provider's base is 0",
      change: set("capacityProviderStrategies[0].base", 0),
      path: "capacityProviderStrategies",
      message: SPOT,
    },
  ],
  allowed: [
    {
      when: "the environment is one of development, on spot capacity",
      change: onlySpot,
      context: { isPromoted: false },
    },
    { when: "no percentage is named, since they are ECS's own then", change: remove("deploymentMaximumPercent") },
    { when: "the least percentage is ECS's own", change: remove("deploymentMinimumHealthyPercent") },
    { when: "there is room for more than one successor a task", change: set("deploymentMaximumPercent", 300) },
    { when: "the capacity is named by launch type", change: remove("capacityProviderStrategies") },
    {
      when: "all capacity is regular, without a base",
      change: set("capacityProviderStrategies", [{ capacityProvider: "FARGATE", weight: 1 }]),
    },
    {
      when: "the rollout is CodeDeploy's",
      change: (baseline) =>
        set("deploymentController.type", "CODE_DEPLOY")(remove("deploymentCircuitBreaker")(baseline)),
    },
    {
      when: "there is one task on every machine",
      change: (baseline) => set("schedulingStrategy", "DAEMON")(set("deploymentMinimumHealthyPercent", 0)(baseline)),
    },
  ],
  unknown: {
    when: "the capacity is unknown",
    change: set("capacityProviderStrategies", UNKNOWN),
    path: "capacityProviderStrategies",
  },
  embedded: { none: "a service runs a TaskDefinition, which has the containers" },
};
