import { awsEcsTaskDefinitionRequireHardening } from "../../../policy/rules/aws-ecs-task-definition-require-hardening";
import { UNKNOWN } from "../../../policy/value";
import { TASK, TASK_CONTAINERS, taskOf } from "../support/cloud-samples";
import { remove, set, type Change, type RuleCases } from "../support/rule-cases";

const [api, migrations] = TASK_CONTAINERS;
const api_ =
  (changes: object): Change["change"] =>
  () => [taskOf([{ ...api, ...changes }, migrations])];
const without = (name: keyof typeof api): Change["change"] => api_({ [name]: undefined });
const at = (path: string) => `containerDefinitions[0].${path}`;
const UNREADABLE = "containerDefinitions is no JSON list of containers, so nobody can tell what runs";
const NO_LOG = "has no log that outlives the task: allowed are awslogs and awsfirelens";

export const cases: RuleCases = {
  rule: awsEcsTaskDefinitionRequireHardening,
  baseline: [TASK],
  violations: [
    {
      when: "the text is no JSON",
      change: set("containerDefinitions", '[{"name": "api", '),
      path: "containerDefinitions",
      message: UNREADABLE,
    },
    {
      when: "there is no text",
      change: remove("containerDefinitions"),
      path: "containerDefinitions",
      message: UNREADABLE,
    },
    {
      when: "the text holds no list",
      change: set("containerDefinitions", '{"name": "api"}'),
      path: "containerDefinitions",
      message: UNREADABLE,
    },
    {
      when: "the properties are called as another language's SDK calls them",
      change: ([first]) =>
        first === undefined
          ? []
          : [{ ...first, properties: { container_definitions: first.properties.containerDefinitions } }],
      path: "containerDefinitions",
      message: UNREADABLE,
    },
    {
      when: "the network is the machine's",
      change: set("networkMode", "host"),
      path: "networkMode",
      message: "networkMode is host, which shares the machine's own with the task",
    },
    {
      when: "the processes are the machine's",
      change: set("pidMode", "host"),
      path: "pidMode",
      message: "pidMode is host, which shares the machine's own with the task",
    },
    {
      when: "shared memory is the machine's",
      change: set("ipcMode", "host"),
      path: "ipcMode",
      message: "ipcMode is host, which shares the machine's own with the task",
    },
    {
      when: "a volume is a folder of the machine",
      change: set("volumes[0].hostPath", "/var/run/docker.sock"),
      path: "volumes[0].hostPath",
      message: "a volume is a folder of the machine",
    },
  ],
  embedded: [
    ...(["root", "0", "0:0", "root:root", ""] as const).map((user) => ({
      when: `a container's user is "${user}"`,
      change: api_({ user }),
      path: at("user"),
      message: "container api runs as root: name a user",
    })),
    {
      when: "a container names no user",
      change: without("user"),
      path: at("user"),
      message: "container api runs as root: name a user",
    },
    {
      when: "a container's file system may be written",
      change: without("readonlyRootFilesystem"),
      path: at("readonlyRootFilesystem"),
      message: "container api may write to its own image",
    },
    {
      when: "a container calls it as another language's SDK does",
      change: api_({ readonlyRootFilesystem: undefined, readonly_root_filesystem: true }),
      path: at("readonlyRootFilesystem"),
      message: "container api may write to its own image",
    },
    {
      when: "a container is privileged",
      change: api_({ privileged: true }),
      path: at("privileged"),
      message: "container api is privileged",
    },
    {
      when: "a container is given a capability",
      change: api_({ linuxParameters: { capabilities: { add: ["SYS_PTRACE"] } } }),
      path: at("linuxParameters.capabilities.add"),
      message: "container api is given capabilities",
    },
    {
      when: "a container has no health check",
      change: without("healthCheck"),
      path: at("healthCheck"),
      message: "container api has no health check",
    },
    {
      when: "a sidecar has no health check",
      change: () => [taskOf([api, migrations, { ...migrations, name: "exporter" }])],
      path: "containerDefinitions[2].healthCheck",
      message: "container exporter has no health check",
    },
    {
      when: "a container's log stays on the machine",
      change: api_({ logConfiguration: { logDriver: "json-file" } }),
      path: at("logConfiguration.logDriver"),
      message: `container api ${NO_LOG}`,
    },
    {
      when: "a container has no log",
      change: without("logConfiguration"),
      path: at("logConfiguration.logDriver"),
      message: `container api ${NO_LOG}`,
    },
    {
      when: "a container that runs before the others is root",
      change: () => [taskOf([api, { ...migrations, user: "root" }])],
      path: "containerDefinitions[1].user",
      message: "container migrations runs as root: name a user",
    },
  ],
  allowed: [
    { when: "logs are routed by FireLens", change: api_({ logConfiguration: { logDriver: "awsfirelens" } }) },
    { when: "a user's name begins like root's", change: api_({ user: "rooted" }) },
    { when: "a user's number begins with a zero's digit", change: api_({ user: "01000" }) },
    { when: "the network is the task's own", change: set("networkMode", "awsvpc") },
  ],
  unknown: {
    when: "the containers are unknown",
    change: set("containerDefinitions", UNKNOWN),
    path: "containerDefinitions",
  },
};
