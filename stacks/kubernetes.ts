/** Target `kubernetes`: Ralex in a namespace of a cluster. */
import * as pulumi from "@pulumi/pulumi";
import { imagesOf } from "../components/app/model";
import { describeRalex } from "../components/app/ralex";
import { placeOf } from "../components/kubernetes/existing-secret";
import { kubernetesPlacement } from "../components/kubernetes/placement";
import { missingSecrets } from "../components/kubernetes/secret-hashes";
import { KubernetesStack } from "../components/kubernetes/stack";
import { RalexProviderResource } from "../components/provider/resource";
import { COMPOSING_IMAGE } from "../components/secrets/composed";
import { programError } from "./program-error";
import { chooseRelease } from "./release";
import type { StackSettings } from "./stack-settings";

export async function deploy(stack: StackSettings, checkout: string): Promise<Record<string, unknown>> {
  const { settings, secrets } = stack;
  const release = await chooseRelease(settings, checkout);
  const placement = kubernetesPlacement(settings);
  const application = describeRalex(settings, placement, { grafana: release.has("grafana") });
  const provider = new RalexProviderResource("ralex");
  const place = placeOf(pulumi.getStack(), settings);
  const missing = await missingSecrets({ place, application, settings }, provider);
  if (missing.length > 0) throw programError(missing.join("\n"));
  const composing = settings.existingSecret === undefined ? [] : [COMPOSING_IMAGE];
  const ralex = new KubernetesStack(
    "ralex",
    {
      stack: pulumi.getStack(),
      ...{ application, placement, settings, secretSettings: secrets },
      ...release.run([...imagesOf(application), ...composing]),
    },
    { providers: { ralex: provider } },
  );
  release.sayUnpublished(ralex.verification);
  return { ...ralex.outputs, imageLock: release.imageLock };
}
