/** Containers and images of a Docker Engine, as the official docker provider names their properties. */
import type { Value } from "../value";
import type { Container, Reader, Variable } from "./container";
import { assignment, interpolated } from "./environment";

export const DOCKER_CONTAINER = "docker:index/container:Container";
export const DOCKER_IMAGE = "docker:index/remoteImage:RemoteImage";
export const COMPOSE_SERVICE = "compose:index:Service";

/** `docker.Container`. */
export const dockerReader: Reader = (properties) => [
  container(properties, "image", properties.get("envs").items().map(assignment), ["command", "entrypoints"]),
];

/** `docker.RemoteImage`, which is pulled for a container. */
export const remoteImageReader: Reader = (properties) => [container(properties, "name", [], [])];

/** A service of a Compose file, whose environment is a list or a mapping. */
export const composeReader: Reader = (properties) => {
  const environment = properties.get("environment");
  const variables: readonly Variable[] = environment.isUnknown
    ? [{ name: undefined, value: environment, isReference: false }]
    : environment.entries().map(([name, value]) => ({ name, value, isReference: value.isAbsent }));
  const listed = environment.items().map(assignment);
  const all = [...variables, ...(environment.isUnknown ? [] : listed)].map(interpolated);
  return [container(properties, "image", all, ["command", "entrypoint"])];
};

const container = (
  value: Value,
  image: string,
  environment: readonly Variable[],
  commandLine: readonly string[],
): Container => ({
  name: value.get("name").text ?? value.get("container_name").text ?? "",
  role: "main",
  value,
  image: value.get(image),
  environment,
  commandLine: commandLine.map((name) => value.get(name)),
});
