import { serverlessServiceRequireLimits } from "../../../policy/rules/serverless-service-require-limits";
import { UNKNOWN } from "../../../policy/value";
import { CLOUD_RUN, CONTAINER_GROUP } from "../support/cloud-samples";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const MEMBER = resource("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", {
  role: "roles/run.invoker",
  member: "serviceAccount:edge@ralex.iam.gserviceaccount.com",
});
const BINDING = resource("gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding", {
  role: "roles/run.invoker",
  members: ["group:ralex@example.com"],
});
const SCALING = resource("aws:appautoscaling/target:Target", { minCapacity: 1, maxCapacity: 10 });

const on =
  (sample: ReturnType<typeof resource>, change: Change["change"]): Change["change"] =>
  () =>
    change([sample]);

const NO_BOUND = "nothing bounds how many instances run, and what they cost";
const NONE = "nothing runs until somebody waits for it: at least 1 instance is wanted";
const CALLABLE = "anybody may call the service";
const STORE = "the internet reaches a store, or what has no login";
const development = { isPromoted: false };

export const cases: RuleCases = {
  rule: serverlessServiceRequireLimits,
  baseline: [CLOUD_RUN, MEMBER, BINDING, CONTAINER_GROUP, SCALING],
  violations: [
    {
      when: "Cloud Run has no upper bound",
      change: remove("template.scaling.maxInstanceCount"),
      path: "template.scaling.maxInstanceCount",
      message: NO_BOUND,
    },
    {
      when: "Cloud Run goes down to nothing",
      change: set("template.scaling.minInstanceCount", 0),
      path: "template.scaling.minInstanceCount",
      message: NONE,
    },
    {
      when: "the service's own lower bound is nothing",
      change: set("scaling.minInstanceCount", 0),
      path: "scaling.minInstanceCount",
      message: NONE,
    },
    {
      when: "Cloud Run runs as the project's account",
      change: remove("template.serviceAccount"),
      path: "template.serviceAccount",
      message: "the service runs as the project's default account, which may do almost everything",
    },
    {
      when: "Cloud Run asks nobody who it is",
      change: set("invokerIamDisabled", true),
      path: "invokerIamDisabled",
      message: CALLABLE,
    },
    {
      when: "everybody is a caller",
      change: on(MEMBER, set("member", "allUsers")),
      path: "member",
      message: CALLABLE,
    },
    {
      when: "everybody with an account is a caller",
      change: on(BINDING, set("members[1]", "allAuthenticatedUsers")),
      path: "members[1]",
      message: CALLABLE,
    },
    {
      when: "a group's container takes all of the processor",
      change: on(CONTAINER_GROUP, remove("containers[0].resources.limits.cpu")),
      path: "containers[0].resources.limits.cpu",
      message: "the container's cpu has no limit",
    },
    {
      when: "a group's container takes all of the memory",
      change: on(CONTAINER_GROUP, remove("containers[0].resources.limits.memoryInGB")),
      path: "containers[0].resources.limits.memoryInGB",
      message: "the container's memoryInGB has no limit",
    },
    {
      when: "a group's database is on the internet",
      change: on(CONTAINER_GROUP, set("ipAddress.ports[1]", { port: 5432 })),
      path: "ipAddress.ports[1].port",
      message: STORE,
    },
    {
      when: "a group's log is on the internet",
      change: on(CONTAINER_GROUP, set("ipAddress.ports[0].port", 9428)),
      path: "ipAddress.ports[0].port",
      message: STORE,
    },
    {
      when: "a service of ECS has no upper bound",
      change: on(SCALING, remove("maxCapacity")),
      path: "maxCapacity",
      message: NO_BOUND,
    },
    {
      when: "a service of ECS goes down to nothing",
      change: on(SCALING, set("minCapacity", 0)),
      path: "minCapacity",
      message: NONE,
    },
  ],
  allowed: [
    {
      when: "the bounds are the service's own",
      change: (baseline) =>
        set("scaling", { minInstanceCount: 1, maxInstanceCount: 3 })(remove("template.scaling")(baseline)),
    },
    {
      when: "a number of instances is fixed by hand",
      change: (baseline) =>
        set("scaling", { scalingMode: "MANUAL", manualInstanceCount: 2 })(remove("template.scaling")(baseline)),
    },
    {
      when: "a development goes down to nothing",
      change: remove("template.scaling.minInstanceCount"),
      context: development,
    },
    {
      when: "a development on ECS goes down to nothing",
      change: on(SCALING, set("minCapacity", 0)),
      context: development,
    },
    { when: "the account is not known yet", change: set("template.serviceAccount", UNKNOWN) },
    {
      when: "a group's database is in a private network",
      change: on(CONTAINER_GROUP, set("ipAddress", { type: "Private", ports: [{ port: 5432 }] })),
    },
    { when: "a group has no address", change: on(CONTAINER_GROUP, remove("ipAddress")) },
  ],
  unknown: { when: "the caller is unknown", change: on(MEMBER, set("member", UNKNOWN)), path: "member" },
  embedded: { none: "how many instances run, and who calls them, is the service's" },
};
