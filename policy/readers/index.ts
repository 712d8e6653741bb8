/** The readers of containers, by the type of the resource that describes them. */
import { propertiesOf, canonicalType, type Resource } from "../rule";
import { CLOUD_RUN_READERS } from "./cloud-run";
import type { Container, Reader } from "./container";
import { CONTAINER_GROUP_READERS } from "./container-group";
import {
  COMPOSE_SERVICE,
  composeReader,
  DOCKER_CONTAINER,
  DOCKER_IMAGE,
  dockerReader,
  remoteImageReader,
} from "./docker";
import { kubernetesReader, PATCH_TYPES, WORKLOAD_TYPES } from "./kubernetes";
import { TASK_DEFINITION, taskDefinitionReader } from "./task-definition";

const READERS: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries([...WORKLOAD_TYPES, ...PATCH_TYPES].map((type) => [type, kubernetesReader(type)])),
  [TASK_DEFINITION]: taskDefinitionReader,
  ...CLOUD_RUN_READERS,
  ...CONTAINER_GROUP_READERS,
  [DOCKER_CONTAINER]: dockerReader,
  [DOCKER_IMAGE]: remoteImageReader,
  [COMPOSE_SERVICE]: composeReader,
};

/** Types of all resources that run containers, or pull images for them. */
export const CONTAINER_TYPES: readonly string[] = Object.keys(READERS);

/** The containers that a resource runs; none where it runs none. */
export const containersOf = (resource: Resource): readonly Container[] =>
  (READERS[canonicalType(resource.type)]?.(propertiesOf(resource)) ?? []).map((container) =>
    container.name === "" ? { ...container, name: resource.name } : container,
  );
