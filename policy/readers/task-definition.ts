/** ECS: the containers of a TaskDefinition, which is a text of JSON. */
import { Value } from "../value";
import type { Container, Reader, Variable } from "./container";

export const TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition";

/**
 * A text that is no list of containers gives one container without an image, so that no rule takes what nobody can read
 * for "nothing runs here".
 */
export const taskDefinitionReader: Reader = (properties) => {
  const text = properties.get("containerDefinitions");
  const list = text.json();
  const containers = list.items();
  if (containers.length === 0) return [unreadable(text)];
  const before = new Set(containers.flatMap(runBefore));
  return containers.map((value) => container(value, before));
};

const unreadable = ({ path }: Value): Container => ({
  name: path,
  role: "main",
  value: new Value(undefined, path),
  image: new Value(undefined, path),
  environment: [],
  commandLine: [],
});

/** Names of containers that have to end before this one begins. */
const runBefore = (value: Value): readonly string[] =>
  value
    .get("dependsOn")
    .items()
    .filter((dependency) => ["COMPLETE", "SUCCESS"].includes(dependency.get("condition").text ?? ""))
    .flatMap((dependency) => dependency.get("containerName").text ?? []);

function container(value: Value, before: ReadonlySet<string>): Container {
  const name = value.get("name").text ?? value.path;
  const isSidecar = value.get("essential").isFalse;
  return {
    name,
    role: before.has(name) ? "init" : isSidecar ? "sidecar" : "main",
    value,
    image: value.get("image"),
    environment: [
      ...value
        .get("environment")
        .items()
        .map((variable) => named(variable, variable.get("value"), false)),
      ...value
        .get("secrets")
        .items()
        .map((secret) => named(secret, new Value(undefined, secret.path), true)),
    ],
    commandLine: [value.get("command"), value.get("entryPoint")],
  };
}

const named = (from: Value, value: Value, isReference: boolean): Variable => ({
  name: from.get("name").text,
  value,
  isReference,
});
