/** Whether the containers that run are made from the images that the stack says, asked of the engine of Docker. */
import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { maxReplicasOf } from "../../../components/app/scaling";
import { replicaName } from "../../../components/docker/labels";
import type { Services } from "../target";
import type { Difference } from "../../drift/report";

/** What the engine says of one container; undefined when there is none of this name. */
export interface Running {
  readonly running: boolean;
  /** As Docker calls it: `running`, `exited` and others. */
  readonly status: string;
  /** Every `repository@sha256:…` of the image that the container was made from. */
  readonly digests: readonly string[];
}

/** Every container of the stack's services, with the image that the stack says it runs. */
export function expectedContainers(prefix: string, services: Services): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(services).flatMap(([name, { image, replicas }]) =>
      Array.from({ length: replicas }, (_, slot) => {
        const replica = replicaName({ name, maxReplicas: maxReplicasOf(name) }, slot);
        return [`${prefix}-${replica}`, image] as const;
      }),
    ),
  );
}

/** Docker's own word on every one of them. A label or a configuration would say only what was meant to run. */
export async function askDocker(
  docker: Docker,
  names: readonly string[],
): Promise<Readonly<Record<string, Running | undefined>>> {
  const found = await Promise.all(names.map(async (name) => [name, await running(docker, name)] as const));
  return Object.fromEntries(found);
}

async function running(docker: Docker, name: string): Promise<Running | undefined> {
  const container: ContainerInspectInfo | undefined = await unlessGone(docker.getContainer(name).inspect());
  if (container === undefined) return undefined;
  const image = await unlessGone(docker.getImage(container.Image).inspect());
  const digests = image?.RepoDigests ?? [];
  return { running: container.State.Running, status: container.State.Status, digests };
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/**
 * @param told - names of what the engine of Pulumi has told of already: what is gone or stopped is not told twice.
 */
export function containerDifferences(
  expected: Readonly<Record<string, string>>,
  found: Readonly<Record<string, Running | undefined>>,
  told: ReadonlySet<string>,
): readonly Difference[] {
  return Object.entries(expected).flatMap(([name, image]): readonly Difference[] => {
    const container = found[name];
    const about = { from: "container" as const, subject: name };
    if (container === undefined || !container.running) {
      if (told.has(name)) return [];
      return [{ ...about, property: "", expected: "running", actual: container?.status ?? "gone" }];
    }
    if (container.digests.includes(image)) return [];
    const actual = container.digests.join(", ") || "an image without a digest";
    return [{ ...about, property: "image", expected: image, actual }];
  });
}
