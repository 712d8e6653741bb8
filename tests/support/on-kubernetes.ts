import { imagesOf, type Application } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { ImageRef } from "../../components/image/image-ref";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { KubernetesStack } from "../../components/kubernetes/stack";
import { COMPOSING_IMAGE } from "../../components/secrets/composed";
import { loadSettings } from "../../components/settings/load";
import type { Settings } from "../../components/settings/schema";
import type { ComponentResourceOptions } from "@pulumi/pulumi";

export const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Settings of a stack on a cluster. */
export const clusterSettings = (stack: Record<string, unknown> = {}): Settings =>
  loadSettings({
    environment: {},
    dotenv: {},
    stack: { target: "kubernetes", kubeContext: "test", hostName: "ralex.test", ...stack },
  });

/** Ralex as it is described for a cluster. */
export const onKubernetes = (settings: Settings): Application => describeRalex(settings, kubernetesPlacement(settings));

/** The stack on a cluster; every image is the same bytes. */
export function kubernetesStack(stack: Record<string, unknown>, opts: ComponentResourceOptions = {}): KubernetesStack {
  const settings = clusterSettings(stack);
  const application = onKubernetes(settings);
  const names = [...imagesOf(application), COMPOSING_IMAGE];
  const images = names.map((image) => [image, ImageRef.of(`r/${image}`, DIGEST)] as const);
  return new KubernetesStack(
    "ralex",
    {
      ...{ stack: "staging", application, settings },
      placement: kubernetesPlacement(settings),
      secretSettings: { openrouterApiKey: "canary-key", postgresPassword: "canary-p:1", redisPassword: "canary-r:2" },
      release: { id: "r-1", images: {}, ran: [], ...settings.release },
      images: Object.fromEntries(images),
      substitutes: [],
    },
    opts,
  );
}
