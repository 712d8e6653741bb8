import { containersOf } from "../readers";
import type { Container } from "../readers/container";
import { TASK_DEFINITION } from "../readers/task-definition";
import { finding, propertiesOf, unless, type Finding, type Resource, type ResourceRule } from "../rule";

/** A container of a task runs as root, writes where it likes and logs nowhere unless its definition says otherwise. */
export const awsEcsTaskDefinitionRequireHardening: ResourceRule = {
  scope: "resource",
  id: "ECS-01",
  name: "aws-ecs-task-definition-require-hardening",
  title: "A task's containers have no root, no privileges, a read-only file system, a health check and logs",
  severity: "high",
  reason: {
    source: "AWS Security Hub ECS.3, ECS.4, ECS.5, ECS.8, ECS.9, ECS.17",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html",
  },
  fix: "Set user, readonlyRootFilesystem, healthCheck and logConfiguration of each container, networkMode awsvpc of the task, and mount what has to be written.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "fail",
  types: [TASK_DEFINITION],
  check: (resource) => {
    const properties = propertiesOf(resource);
    const text = properties.get("containerDefinitions");
    return [
      ...(text.isUnknown || text.json().items().length > 0
        ? []
        : [
            finding(resource, text, "containerDefinitions is no JSON list of containers, so nobody can tell what runs"),
          ]),
      ...host(resource),
      ...containersOf(resource).flatMap((container) => (container.value.isAbsent ? [] : hardened(resource, container))),
    ];
  },
};

/** What a task shares with the machine that it runs on. */
function host(resource: Resource): readonly Finding[] {
  const properties = propertiesOf(resource);
  const shared = ["networkMode", "pidMode", "ipcMode"].flatMap((name) => {
    const mode = properties.get(name);
    return unless(
      mode.text !== "host",
      resource,
      mode,
      `${name} is host, which shares the machine's own with the task`,
    );
  });
  const paths = properties
    .get("volumes")
    .items()
    .map((volume) => volume.get("hostPath"))
    .filter((path) => !path.isAbsent)
    .map((path) => finding(resource, path, "a volume is a folder of the machine"));
  return [...shared, ...paths];
}

/** Where a container's log may go and be found after the task is gone. */
const LOG_DRIVERS: readonly string[] = ["awslogs", "awsfirelens"];

/** `0`, `root`, and either with a group. */
const ROOT = /^(0|root)(:|$)/;

function hardened(resource: Resource, { name, role, value }: Container): readonly Finding[] {
  const said = (isWanted: boolean, keys: readonly string[], message: string): readonly Finding[] =>
    unless(isWanted, resource, value.at(...keys), `container ${name} ${message}`);
  if (value.isUnknown) return [finding(resource, value, "the containers are unknown, so their settings are")];
  const user = value.get("user");
  const driver = value.at("logConfiguration", "logDriver").text ?? "";
  const added = value.at("linuxParameters", "capabilities", "add");
  return [
    ...said(
      user.text !== undefined && user.text !== "" && !ROOT.test(user.text),
      ["user"],
      "runs as root: name a user",
    ),
    ...said(value.get("readonlyRootFilesystem").isTrue, ["readonlyRootFilesystem"], "may write to its own image"),
    ...said(!value.get("privileged").isTrue, ["privileged"], "is privileged"),
    ...said(added.items().length === 0, ["linuxParameters", "capabilities", "add"], "is given capabilities"),
    ...(role === "init" ? [] : said(!value.get("healthCheck").isAbsent, ["healthCheck"], "has no health check")),
    ...said(
      LOG_DRIVERS.includes(driver),
      ["logConfiguration", "logDriver"],
      `has no log that outlives the task: allowed are ${LOG_DRIVERS.join(" and ")}`,
    ),
  ];
}
