import { awsEcsServiceDisallowPublicIp } from "../../../policy/rules/aws-ecs-service-disallow-public-ip";
import { UNKNOWN } from "../../../policy/value";
import { ECS_SERVICE } from "../support/cloud-samples";
import { remove, set, type RuleCases } from "../support/rule-cases";

const PATH = "networkConfiguration.assignPublicIp";
const message = "the service's tasks get public addresses";

export const cases: RuleCases = {
  rule: awsEcsServiceDisallowPublicIp,
  baseline: [ECS_SERVICE],
  violations: [
    { when: "an address is assigned", change: set(PATH, true), path: PATH, message },
    { when: "it is assigned by text", change: set(PATH, "true"), path: PATH, message },
  ],
  allowed: [
    { when: "nothing is said of it, since ECS assigns none then", change: remove(PATH) },
    { when: "the tasks are on machines of their own", change: remove("networkConfiguration") },
  ],
  unknown: { when: "it is not known whether one is assigned", change: set(PATH, UNKNOWN), path: PATH },
  embedded: { none: "a service runs a TaskDefinition, which has the containers" },
};
