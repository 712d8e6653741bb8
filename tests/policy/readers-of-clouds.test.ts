/** Containers of the clouds come out as those of Kubernetes do, hidden ones too, and none is lost in what cannot be read. */
import { containersOf } from "../../policy/readers";
import { canonicalType, judge, type Resource } from "../../policy/rule";
import { awsEcrRepositoryProtectImages } from "../../policy/rules/aws-ecr-repository-protect-images";
import { awsEcsTaskDefinitionRequireHardening } from "../../policy/rules/aws-ecs-task-definition-require-hardening";
import { cloudIdentityDisallowEverything } from "../../policy/rules/cloud-identity-disallow-everything";
import { cloudIdentityLimitFederation } from "../../policy/rules/cloud-identity-limit-federation";
import { containerEnvironmentDisallowSecret } from "../../policy/rules/container-environment-disallow-secret";
import { containerImageRequireDigest } from "../../policy/rules/container-image-require-digest";
import { HIDDEN, UNKNOWN } from "../../policy/value";
import { CLOUD_RUN, CLOUD_RUN_JOB, CONTAINER_GROUP, TASK, TASK_CONTAINERS, taskOf } from "./support/cloud-samples";
import { IMAGE } from "./support/kubernetes-samples";
import { contextWith, remove, resource, set } from "./support/rule-cases";

const described = (one: Resource) =>
  containersOf(one).map(({ name, role, image }) => [name, role, image.raw, image.path]);

const unpinned = (resources: readonly Resource[]) =>
  judge(containerImageRequireDigest, resources, contextWith()).map(({ path, isUndecided }) => [path, isUndecided]);

describe("a TaskDefinition", () => {
  test("gives every container of its JSON, and says what runs before and beside the others", () => {
    const exporter = { name: "exporter", image: IMAGE, essential: false };
    expect(described(taskOf([...TASK_CONTAINERS, exporter]))).toEqual([
      ["api", "main", IMAGE, "containerDefinitions[0].image"],
      ["migrations", "init", IMAGE, "containerDefinitions[1].image"],
      ["exporter", "sidecar", IMAGE, "containerDefinitions[2].image"],
    ]);
  });

  test("takes a container that has to be complete for one that runs before, and one that has to be healthy for one beside", () => {
    const waits = (condition: string) => ({
      name: "api",
      image: IMAGE,
      dependsOn: [{ containerName: "b", condition }],
    });
    const roleOf = (condition: string) =>
      containersOf(taskOf([waits(condition), { name: "b", image: IMAGE }])).map(({ role }) => role);
    expect(roleOf("COMPLETE")).toEqual(["main", "init"]);
    expect(roleOf("SUCCESS")).toEqual(["main", "init"]);
    expect(roleOf("HEALTHY")).toEqual(["main", "main"]);
  });

  test("keeps variables in clear apart from those of a store of secrets", () => {
    const [api] = containersOf(TASK);
    expect(api?.environment.map(({ name, value, isReference }) => [name, value.raw, value.path, isReference])).toEqual([
      ["LOG_LEVEL", "info", "containerDefinitions[0].environment[0].value", false],
      ["API_KEY", undefined, "containerDefinitions[0].secrets[0]", true],
    ]);
  });

  test.each([
    ["is no JSON", "[{"],
    ["holds no list", "{}"],
    ["holds an empty list", "[]"],
    ["is empty", ""],
    ["is a number", 7],
    ["is absent", undefined],
  ])("is unpinned where its text %s", (_, text) => {
    expect(unpinned(set("containerDefinitions", text)([TASK]))).toEqual([["containerDefinitions", undefined]]);
  });

  test.each([
    ["unknown", UNKNOWN],
    ["not readable", HIDDEN],
  ])("is undecided where its text is %s", (_, text) => {
    expect(unpinned(set("containerDefinitions", text)([TASK]))).toEqual([["containerDefinitions", true]]);
  });

  test("is unpinned where its JSON names things as another language's SDK does", () => {
    expect(unpinned([taskOf([{ Name: "api", Image: IMAGE }])])).toEqual([["containerDefinitions[0].image", undefined]]);
    const snake = { ...TASK, properties: { container_definitions: TASK.properties.containerDefinitions } };
    expect(unpinned([snake])).toEqual([["containerDefinitions", undefined]]);
  });

  test("is read where it has a thousand containers, and where it is nested ten thousand levels deep", () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      name: `c${index}`,
      image: index === 999 ? "nginx" : IMAGE,
    }));
    expect(unpinned([taskOf(many)])).toEqual([["containerDefinitions[999].image", undefined]]);
    const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
    const nested = set("containerDefinitions", `[{"name": "api", "image": "nginx", "dockerLabels": ${deep}}]`)([TASK]);
    expect(unpinned(nested)).toEqual([["containerDefinitions[0].image", undefined]]);
  });
});

describe("Cloud Run", () => {
  test("gives the containers of a service, of which the one with a port is the service", () => {
    expect(described(CLOUD_RUN)).toEqual([
      ["api", "main", IMAGE, "template.containers[0].image"],
      ["exporter", "sidecar", IMAGE, "template.containers[1].image"],
    ]);
  });

  test("gives the containers of a job and of a worker pool, all of them alike", () => {
    expect(described(CLOUD_RUN_JOB)).toEqual([["migrations", "main", IMAGE, "template.template.containers[0].image"]]);
    const pool = resource("gcp:cloudrunv2/workerPool:WorkerPool", {
      template: { containers: [{ image: IMAGE }, { image: IMAGE }] },
    });
    expect(described(pool)).toEqual([
      ["template.containers[0]", "main", IMAGE, "template.containers[0].image"],
      ["template.containers[1]", "main", IMAGE, "template.containers[1].image"],
    ]);
  });

  test("keeps variables in clear apart from those of a store of secrets", () => {
    const [api] = containersOf(CLOUD_RUN);
    expect(api?.environment.map(({ name, value, isReference }) => [name, value.path, isReference])).toEqual([
      ["LOG_LEVEL", "template.containers[0].envs[0].value", false],
      ["API_KEY", "template.containers[0].envs[1].value", true],
    ]);
  });

  test("is unpinned where a sidecar's image has a tag, or no container can be read", () => {
    expect(unpinned(set("template.containers[1].image", "nginx:1")([CLOUD_RUN]))).toEqual([
      ["template.containers[1].image", undefined],
    ]);
    expect(unpinned(remove("template")([CLOUD_RUN]))).toEqual([["template.containers", undefined]]);
    expect(unpinned(set("template.containers", [])([CLOUD_RUN]))).toEqual([["template.containers", undefined]]);
    expect(unpinned(remove("template")([CLOUD_RUN_JOB]))).toEqual([["template.template.containers", undefined]]);
  });

  test("is undecided where its template is unknown", () => {
    expect(unpinned(set("template", UNKNOWN)([CLOUD_RUN]))).toEqual([["template", true]]);
  });
});

describe("a ContainerGroup", () => {
  test("gives its containers, and those that run before", () => {
    expect(described(CONTAINER_GROUP)).toEqual([
      ["migrations", "init", IMAGE, "initContainers[0].image"],
      ["api", "main", IMAGE, "containers[0].image"],
    ]);
  });

  test("gives those of a profile of groups", () => {
    const profile = { ...CONTAINER_GROUP, type: "azure-native:containerinstance:ContainerGroupProfile" };
    expect(described(profile)).toEqual(described(CONTAINER_GROUP));
  });

  test("keeps variables in clear apart from secure ones", () => {
    const secure = set("containers[0].environmentVariables[2]", { name: "DSN", secureValueReference: "vault" });
    const [, api] = containersOf(secure([CONTAINER_GROUP])[0] ?? CONTAINER_GROUP);
    expect(api?.environment.map(({ name, value, isReference }) => [name, value.path, isReference])).toEqual([
      ["LOG_LEVEL", "containers[0].environmentVariables[0].value", false],
      ["API_KEY", "containers[0].environmentVariables[1].value", true],
      ["DSN", "containers[0].environmentVariables[2].value", true],
    ]);
  });

  test("is unpinned where an init container's image has a tag, or no container can be read", () => {
    expect(unpinned(set("initContainers[0].image", "nginx")([CONTAINER_GROUP]))).toEqual([
      ["initContainers[0].image", undefined],
    ]);
    expect(unpinned(remove("containers")([CONTAINER_GROUP]))).toEqual([["containers", undefined]]);
  });

  test("is undecided where its containers are unknown", () => {
    expect(unpinned(set("containers", UNKNOWN)([CONTAINER_GROUP]))).toEqual([["containers", true]]);
  });
});

test("what a container is started with is found under each platform's own name for it", () => {
  const secret = "postgresql://ralex:Hm4Zt8qLw2Vn6Bx0@postgres/ralex";
  const inClear = (one: Resource) =>
    judge(containerEnvironmentDisallowSecret, [one], contextWith()).map(({ path }) => path);
  expect(inClear(taskOf([{ name: "api", image: IMAGE, command: [secret], entryPoint: [secret] }]))).toEqual([
    "containerDefinitions[0].command[0]",
    "containerDefinitions[0].entryPoint[0]",
  ]);
  const run = { template: { containers: [{ image: IMAGE, commands: ["serve"], args: ["--dsn", secret] }] } };
  expect(inClear(resource("gcp:cloudrunv2/service:Service", run))).toEqual(["template.containers[0].args[1]"]);
  const group = { containers: [{ image: IMAGE, command: [secret] }] };
  expect(inClear(resource("azure-native:containerinstance:ContainerGroup", group))).toEqual([
    "containers[0].command[0]",
  ]);
});

test.each([
  ["AWS-01", awsEcrRepositoryProtectImages, "aws:ecr/lifecyclePolicy:LifecyclePolicy", "policy"],
  ["ECS-01", awsEcsTaskDefinitionRequireHardening, "aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions"],
  ["IAM-01", cloudIdentityDisallowEverything, "aws:iam/policy:Policy", "policy"],
  ["IAM-02", cloudIdentityLimitFederation, "aws:iam/role:Role", "assumeRolePolicy"],
] as const)("%s is undecided where a document is a secret that is not readable here", (_, rule, type, path) => {
  const hidden = resource(type, { [path]: HIDDEN });
  expect(judge(rule, [hidden], contextWith()).map((one) => [one.path, one.isUndecided])).toEqual([[path, true]]);
});

describe("a type of azure-native", () => {
  test.each([
    ["azure-native:containerinstance:ContainerGroup"],
    ["azure-native:containerinstance/v20230501:ContainerGroup"],
    ["azure-native_containerinstance_v20230501:containerinstance:ContainerGroup"],
  ])("is the same in every version of its API: %s", (token) => {
    expect(canonicalType(token)).toBe("azure-native:containerinstance:ContainerGroup");
    expect(unpinned(set("containers[0].image", "nginx")([{ ...CONTAINER_GROUP, type: token }]))).toHaveLength(1);
  });
});
