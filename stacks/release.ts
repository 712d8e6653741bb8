/** Which first-party images an environment runs. */
import * as pulumi from "@pulumi/pulumi";
import { ImageRef } from "../components/image/image-ref";
import { RELEASE_PROJECT, RELEASE_STACK, readReleases } from "../components/image/releases";
import type { Settings } from "../components/settings/schema";

export interface ChosenRelease {
  readonly id: string;
  readonly images: Readonly<Record<string, ImageRef>>;
}

/**
 * The pinned release; without a pin, the newest one of the release project, whose digests are known in preview too.
 * @throws Error when the release project has none yet.
 */
export async function chooseRelease(settings: Settings): Promise<ChosenRelease> {
  if (settings.release !== undefined) {
    const { id, images } = settings.release;
    return { id, images: parse(images) };
  }
  const reference = new pulumi.StackReference(`${pulumi.getOrganization()}/${RELEASE_PROJECT}/${RELEASE_STACK}`);
  const details = await reference.getOutputDetails("releases");
  const newest = readReleases(details.value)[0];
  if (newest === undefined) {
    throw new Error(
      `the project ${RELEASE_PROJECT} has no release yet: run ./ralex start, or pulumi up in stacks/images`,
    );
  }
  return {
    id: newest.id,
    images: parse(Object.fromEntries(Object.entries(newest.images).map(([name, { ref }]) => [name, ref]))),
  };
}

const parse = (images: Readonly<Record<string, string>>): Record<string, ImageRef> =>
  Object.fromEntries(Object.entries(images).map(([name, ref]) => [name, ImageRef.parse(ref)]));
