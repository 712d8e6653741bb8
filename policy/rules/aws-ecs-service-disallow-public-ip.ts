import { propertiesOf, unless, type ResourceRule } from "../rule";

/** A task with a public address is reached past the load balancer, and past what it enforces. */
export const awsEcsServiceDisallowPublicIp: ResourceRule = {
  scope: "resource",
  id: "ECS-02",
  name: "aws-ecs-service-disallow-public-ip",
  title: "Tasks have no public address",
  severity: "high",
  reason: {
    source: "AWS Security Hub ECS.2",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-2",
  },
  fix: "Set networkConfiguration.assignPublicIp to false, and run the tasks in private subnets with a NAT gateway or VPC endpoints.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: ["aws:ecs/service:Service"],
  check: (resource) => {
    const assigned = propertiesOf(resource).at("networkConfiguration", "assignPublicIp");
    return unless(!assigned.isTrue, resource, assigned, "the service's tasks get public addresses");
  },
};
