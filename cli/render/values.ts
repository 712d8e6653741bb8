/** A stack as values of the chart. */
import { isDeepStrictEqual } from "node:util";
import { imagesOf } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { loadSettings } from "../../components/settings/load";
import { PLAIN_SETTINGS, type Settings } from "../../components/settings/schema";
import { OPTIONAL_IMAGES, valuesText } from "./chart/schema";
import { valuesOf, type ImageValue } from "./chart/values";
import { chosenImages, knownImages, namedImages } from "./images";
import { COMPOSING_IMAGE } from "../../components/secrets/composed";
import { settingsOnCluster, type KubernetesOptions } from "./kubernetes";

/** Settings that say where and when a stack runs, and nothing of what runs. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...["target", "kubeContext", "namespace", "imageMirror", "promotesFrom", "running"],
]);
/** Settings that a value of another name says. */
const RENAMED: ReadonlySet<string> = new Set(["openrouterKey"]);

export interface StackValues {
  readonly text: string;
  /** Settings of the stack that the chart has no value for, and that are not as the chart has them. */
  readonly fixed: readonly string[];
}

/** @throws Failure or SettingsError with what to do, as for the plain objects. */
export function helmValues(checkout: string, options: KubernetesOptions): StackValues {
  const { stack } = options;
  const settings = settingsOnCluster(checkout, stack);
  const existingSecret = options.existingSecret ?? settings.existingSecret ?? "";
  const defaults = chartDefaults();
  const fixed = fixedSettings(settings, defaults, Object.keys(valuesOf(settings, {}, existingSecret)));
  const known = knownImages(checkout, settings, namedImages(options.image));
  // What the chart runs, which is not what the stack does where it has no value.
  const charted = { ...settings, ...Object.fromEntries(fixed.map((key) => [key, defaults[key]])) };
  const application = describeRalex(charted, kubernetesPlacement(charted), { grafana: "grafana" in known });
  const names = [...imagesOf(application), COMPOSING_IMAGE];
  const images = Object.entries(chosenImages(names, known, stack, settings)).map(
    ([name, { repository, digest }]): [string, ImageValue] => [name, { repository, digest }],
  );
  const absent = [...OPTIONAL_IMAGES].filter((name) => !(name in known)).map((name) => [name, null] as const);
  const values = valuesOf(settings, Object.fromEntries([...images, ...absent]), existingSecret);
  return { text: valuesText(values, `Values of ${stack}.`), fixed };
}

/** Every setting as the chart has it where it has no value for it. */
const chartDefaults = (): Readonly<Record<string, unknown>> => ({
  ...loadSettings({
    environment: {},
    dotenv: {},
    stack: { target: "kubernetes", kubeContext: "none", hostName: "none" },
  }),
});

function fixedSettings(
  settings: Settings,
  defaults: Readonly<Record<string, unknown>>,
  values: readonly string[],
): readonly string[] {
  const own: Readonly<Record<string, unknown>> = { ...settings };
  return Object.keys(PLAIN_SETTINGS).filter(
    (key) =>
      !values.includes(key) && !ELSEWHERE.has(key) && !RENAMED.has(key) && !isDeepStrictEqual(own[key], defaults[key]),
  );
}
