/** The Helm chart: the model's objects for every combination of its values, and what makes a chart of them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { COMMITTED_LOCK, ImageLock } from "../../../components/image/lock";
import { loadSettings } from "../../../components/settings/load";
import { Failure } from "../../failure";
import { document } from "../documents";
import { helpers, notes } from "./helpers";
import { hookTemplates } from "./hook";
import { renderCombinations, type Rendered } from "./objects";
import { ENVIRONMENTS, schemaText, valuesText } from "./schema";
import { objectTemplates, type ChartFiles } from "./templates";
import { valuesOf, type ImageValue } from "./values";
import { imagesOf } from "../../../components/app/model";

const GENERATED = "Written by ./ralex render helm from the model; a change by hand is refused by a test.";

/** Names of all images that any combination runs, sorted. */
export const imageNames = (rendered: readonly Rendered[]): readonly string[] =>
  [...new Set(rendered.flatMap(({ application }) => imagesOf(application)))].sort();

/** What the committed lock has of the images; the others are left empty, and have to be given. */
export function lockedValues(lock: ImageLock, names: readonly string[]): Readonly<Record<string, ImageValue>> {
  const valueOf = (name: string): ImageValue => {
    if (!lock.has(name)) return { repository: "", digest: "" };
    const { repository, digest } = lock.ref(name);
    return { repository, digest };
  };
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
}

/** Every file of the chart by its path below the chart's folder. */
export function chartFiles(checkout: string): ChartFiles {
  const lock = ImageLock.read(path.join(checkout, COMMITTED_LOCK));
  const rendered = renderCombinations();
  const [first] = rendered;
  if (first === undefined) throw new Error("the chart has no combination of values");
  const { version } = JSON.parse(fs.readFileSync(path.join(checkout, "package.json"), "utf8")) as { version: string };
  const images = imageNames(rendered);
  const stack = { target: "kubernetes", kubeContext: "none", hostName: "none" };
  const defaults = loadSettings({ environment: {}, dotenv: {}, stack });
  const values = { ...valuesOf(defaults, lockedValues(lock, images), ""), hostName: "" };
  return {
    "Chart.yaml": `# ${GENERATED}\n${document(metadata(version))}`,
    "values.yaml": valuesText(values, GENERATED),
    "values.schema.json": schemaText(images),
    ...Object.fromEntries(
      Object.entries(ENVIRONMENTS).map(([name, { head, values: own }]) => [
        `values-${name}.yaml`,
        valuesText(own, head),
      ]),
    ),
    "templates/_helpers.tpl": helpers(),
    "templates/NOTES.txt": notes(),
    "templates/validation.yaml": '{{- include "ralex.validate" . -}}\n',
    ...hookTemplates(first.application),
    ...objectTemplates(rendered),
  };
}

const metadata = (version: string) => ({
  apiVersion: "v2",
  name: "ralex",
  description:
    "Ralex, a self-hosted LLM stack: an OpenAI-compatible API, Open WebUI, their stores, an edge and monitoring",
  type: "application",
  version,
  appVersion: version,
  kubeVersion: ">=1.30.0-0",
});

/** Paths of a chart's files that are there, relative to its folder. */
export const presentFiles = (folder: string): readonly string[] =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    : [];

/** Files that are missing, changed or left over, sorted. */
export function staleFiles(folder: string, files: ChartFiles): readonly string[] {
  const changed = Object.entries(files).filter(([name, text]) => {
    const file = path.join(folder, name);
    return !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text;
  });
  const left = presentFiles(folder).filter((name) => !(name in files));
  return [...changed.map(([name]) => name), ...left].sort();
}

/** Writes the chart and removes what is no part of it. @throws Failure where the folder has something else. */
export function writeChart(folder: string, files: ChartFiles): readonly string[] {
  const present = presentFiles(folder);
  if (present.length > 0 && !present.includes("Chart.yaml")) {
    throw new Failure(`${folder} has files and no Chart.yaml: choose an empty folder, or that of a chart`);
  }
  const stale = staleFiles(folder, files);
  for (const name of stale) {
    const file = path.join(folder, name);
    const text = files[name];
    if (text === undefined) fs.rmSync(file);
    else {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    }
  }
  return stale;
}
