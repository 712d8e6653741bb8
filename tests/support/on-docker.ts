import type { ComponentResourceOptions } from "@pulumi/pulumi";
import type { Application } from "../../components/app/model";
import { describeRalex, type Available } from "../../components/app/ralex";
import { dockerPlacement } from "../../components/docker/placement";
import { DockerStack } from "../../components/docker/stack";
import { ImageRef } from "../../components/image/image-ref";
import { loadSettings } from "../../components/settings/load";
import type { Settings } from "../../components/settings/schema";

/** Ralex as it is described for a Docker Engine. */
export const onDocker = (settings: Settings, available?: Available): Application =>
  describeRalex(settings, dockerPlacement(settings), available);

/** The stack on a Docker Engine; every image is the same bytes. */
export function dockerStack(configuration: Record<string, unknown>, opts: ComponentResourceOptions = {}): DockerStack {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: configuration });
  const application = onDocker(settings);
  const probe = application.probe === undefined ? [] : [application.probe];
  const images = Object.fromEntries(
    [...application.services, ...probe].map(({ image }) => [
      image,
      ImageRef.of(`127.0.0.1:5055/${image}`, `sha256:${"0123456789abcdef".repeat(4)}`),
    ]),
  );
  return new DockerStack(
    "ralex",
    {
      application,
      placement: dockerPlacement(settings),
      settings,
      secretSettings: { openrouterApiKey: "canary-key", postgresPassword: "canary-p:1", redisPassword: "canary-r:2" },
      release: { id: "r-1", images: {}, ran: [], ...settings.release },
      images,
      substitutes: [],
      checkout: "/checkout",
    },
    opts,
  );
}
