/** Target `docker`: Ralex on the Docker Engine of this machine. */
import { imagesOf } from "../components/app/model";
import { describeRalex } from "../components/app/ralex";
import { dockerPlacement } from "../components/docker/placement";
import { RalexProviderResource } from "../components/provider/resource";
import { DockerStack } from "../components/docker/stack";
import { chooseRelease } from "./release";
import type { StackSettings } from "./stack-settings";

export async function deploy(stack: StackSettings, checkout: string): Promise<Record<string, unknown>> {
  const { settings, secrets } = stack;
  const release = await chooseRelease(settings, checkout);
  const placement = dockerPlacement(settings);
  const application = describeRalex(settings, placement, { grafana: release.has("grafana") });
  const ralex = new DockerStack(
    "ralex",
    {
      application,
      placement,
      settings,
      secretSettings: secrets,
      ...release.run(imagesOf(application)),
      checkout,
    },
    { providers: { ralex: new RalexProviderResource("ralex") } },
  );
  release.sayUnpublished(ralex.verification);
  return { ...ralex.outputs, imageLock: release.imageLock };
}
