/** The readers of containers, by the type of the resource that describes them. */
import { propertiesOf, canonicalType, type Resource } from "../rule";
import type { Container, Reader } from "./container";
import { kubernetesReader, PATCH_TYPES, WORKLOAD_TYPES } from "./kubernetes";

const READERS: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries([...WORKLOAD_TYPES, ...PATCH_TYPES].map((type) => [type, kubernetesReader(type)])),
};

/** Types of all resources that run containers. */
export const CONTAINER_TYPES: readonly string[] = Object.keys(READERS);

/** The containers that a resource runs; none where it runs none. */
export const containersOf = (resource: Resource): readonly Container[] =>
  READERS[canonicalType(resource.type)]?.(propertiesOf(resource)) ?? [];
