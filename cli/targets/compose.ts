/** A stack on a Docker Engine as a Compose file, from its file and what is committed. */
import { imagesOf } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { addressText, planAddresses } from "../../components/docker/addresses";
import { composeFile, secretFiles } from "../../components/docker/compose-files";
import { dockerPlacement } from "../../components/docker/placement";
import { plainText } from "../../components/secrets/resolver";
import { Failure } from "../failure";
import { chosenImages, knownImages, namedImages } from "../render/images";
import { COMPOSING_IMAGE } from "../../components/secrets/composed";
import { settingsOf } from "../settings";
import { committedFile } from "../stack-config";

export interface ComposeOptions {
  readonly stack: string;
  /** Images by hand, `name=repository@sha256:…`. */
  readonly image: readonly string[];
}

export interface RenderedCompose {
  readonly document: Record<string, unknown>;
  /** Names of the files that the folder `secrets` beside it has to have. */
  readonly secrets: readonly string[];
  readonly omissions: readonly string[];
}

/** @throws Failure or SettingsError with what to do: another target, wrong settings, images that are not known. */
export function renderCompose(checkout: string, { stack, image }: ComposeOptions): RenderedCompose {
  const written = settingsOf(checkout, stack, committedFile(checkout, stack));
  if (written.target !== "docker") {
    throw new Failure(`${stack} runs on target ${written.target}: name a stack with ralex:target docker`);
  }
  // A checkout is mounted by who works on it; here it is somebody else's machine.
  const settings = { ...written, hotReload: false };
  const known = knownImages(checkout, settings, namedImages(image));
  const application = describeRalex(settings, dockerPlacement(settings), { grafana: "grafana" in known });
  const names = [...imagesOf(application), COMPOSING_IMAGE];
  const refs = Object.entries(chosenImages(names, known, stack, settings)).map(([name, ref]) => [name, String(ref)]);
  const images = Object.fromEntries(refs) as Record<string, string>;
  const plan = planAddresses(application, settings.subnet);
  const document = composeFile({
    ...{ project: `ralex-${stack}`, application, plan, images, composing: images[COMPOSING_IMAGE] ?? "" },
    text: (value) => plainText(value, (ref) => addressText(ref, application, plan)),
  });
  const hotReload = written.hotReload ? ["hotReload is left out: the code is that of the image"] : [];
  return { document, secrets: secretFiles(application), omissions: [...application.omissions, ...hotReload] };
}
