/** Azure Container Instances: the containers of a group, and of a profile that groups are made from. */
import { Value } from "../value";
import type { Container, Reader, Variable } from "./container";

export const CONTAINER_GROUP = "azure-native:containerinstance:ContainerGroup";
const PROFILE = "azure-native:containerinstance:ContainerGroupProfile";

/** A group whose containers cannot be read, or stand in a profile elsewhere, gives a container without an image. */
const read: Reader = (properties) => {
  const list = properties.get("containers");
  const containers = list.items();
  const nothing = new Value(undefined, list.path);
  return [
    ...properties
      .get("initContainers")
      .items()
      .map((value) => container(value, "init")),
    ...containers.map((value) => container(value, "main")),
    ...(containers.length === 0
      ? [{ name: list.path, role: "main" as const, value: nothing, image: nothing, environment: [], commandLine: [] }]
      : []),
  ];
};

export const CONTAINER_GROUP_READERS: Readonly<Record<string, Reader>> = { [CONTAINER_GROUP]: read, [PROFILE]: read };

const container = (value: Value, role: Container["role"]): Container => ({
  name: value.get("name").text ?? value.path,
  role,
  value,
  image: value.get("image"),
  environment: value.get("environmentVariables").items().map(variable),
  commandLine: [value.get("command")],
});

/** `secureValue` stands in the program as a secret, and is not readable on the platform. */
const variable = (value: Value): Variable => ({
  name: value.get("name").text,
  value: value.get("value"),
  isReference: !value.isUnknown && !(value.get("secureValue").isAbsent && value.get("secureValueReference").isAbsent),
});
