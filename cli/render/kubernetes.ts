/** A stack on a cluster as plain objects, from its file and what is committed. */
import { imagesOf } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { renderObjects, type KubernetesObject } from "../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../components/kubernetes/workload";
import { objectName } from "../../components/settings/kubernetes";
import type { Settings } from "../../components/settings/schema";
import { Failure } from "../failure";
import { settingsOf } from "../settings";
import { committedFile } from "../stack-config";
import { COMPOSING_IMAGE } from "../../components/secrets/composed";
import { DEFAULT_SECRET } from "./names";
import { chosenImages, knownImages, namedImages } from "./images";

export interface KubernetesOptions {
  readonly stack: string;
  /** Name of the Secret that holds the secrets of the model, where it is another one than the stack's file names. */
  readonly existingSecret?: string;
  /** Images by hand, `name=repository@sha256:…`. */
  readonly image: readonly string[];
}

export interface RenderedStack {
  readonly objects: readonly KubernetesObject[];
  /** What of the wished-for stack is left out, one sentence each. */
  readonly omissions: readonly string[];
}

/** Settings of a stack on a cluster, without any key to its secrets. @throws Failure for one on another target. */
export function settingsOnCluster(checkout: string, stack: string): Settings {
  const settings = settingsOf(checkout, stack, committedFile(checkout, stack));
  if (settings.target === "kubernetes") return settings;
  throw new Failure(`${stack} runs on target ${settings.target}: name a stack with ralex:target kubernetes`);
}

/** @throws Failure or SettingsError with what to do: no stack on a cluster, wrong settings, images that are not known. */
export function renderKubernetes(checkout: string, options: KubernetesOptions): RenderedStack {
  const { stack } = options;
  const { error } = objectName.optional().safeParse(options.existingSecret);
  if (error !== undefined)
    throw new Failure(`--existing-secret ${error.issues.map(({ message }) => message).join("; ")}`);
  const settings = settingsOnCluster(checkout, stack);
  const name = options.existingSecret ?? settings.existingSecret ?? DEFAULT_SECRET;
  const known = knownImages(checkout, settings, namedImages(options.image));
  const application = describeRalex(settings, kubernetesPlacement(settings), { grafana: "grafana" in known });
  const names = [...imagesOf(application), COMPOSING_IMAGE];
  const { [COMPOSING_IMAGE]: composing, ...images } = chosenImages(names, known, stack, settings);
  if (composing === undefined) throw new Error(`no image ${COMPOSING_IMAGE}`);
  const objects = renderObjects({
    ...{ stack, application, settings },
    images: { ...images, [COMPOSING_IMAGE]: composing },
    secretFiles: { existing: { name, image: composing } },
    jobs: UNORDERED_JOB,
  });
  return { objects, omissions: application.omissions };
}
