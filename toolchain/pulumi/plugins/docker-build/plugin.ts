/** Stand-in for the docker-build plugin, on BuildKit. */
import * as path from "node:path";
import { flag, object, objects, text, texts } from "../support/inputs";
import type { Call, Plugin, ResourceKind } from "../support/plugin";
import type { PackageTable } from "../support/tables";
import { hasUnknown, isValues, type Values } from "../support/wire";
import table from "../tables/docker-build.json";
import { build } from "./buildctl";
import { contextHash, isRemote, type Sources } from "./context";
import { isPushed, rawProblems } from "./exports";
import { hasManifest } from "./registry";

function sourcesOf(inputs: Values): Sources {
  const context = object(inputs, "context") ?? {};
  const location = text(context, "location") ?? ".";
  const dockerfile = object(inputs, "dockerfile") ?? {};
  const inline = text(dockerfile, "inline");
  const usual = isRemote(location) ? undefined : path.join(location, "Dockerfile");
  const named = Object.entries(object(context, "named") ?? {}).map(([name, value]) => [
    name,
    isValues(value) ? (text(value, "location") ?? "") : "",
  ]);
  return {
    context: location,
    dockerfile: inline === undefined ? (text(dockerfile, "location") ?? usual) : undefined,
    inline,
    named: Object.fromEntries(named) as Record<string, string>,
  };
}

async function built(inputs: Values, call: Call): Promise<{ digest: string; ref: string; contextHash: string }> {
  const sources = sourcesOf(inputs);
  const hash = contextHash(sources);
  if (!flag(inputs, "push") && objects(inputs, "exports").length === 0) {
    call.warn("nothing is exported, so the result stays in BuildKit's cache; set push, or exports");
  }
  const digest = await build(inputs, sources, call);
  const [tag] = texts(inputs, "tags") ?? [];
  const ref = tag === undefined ? "" : digest === "" ? tag : `${tag.replace(/@.*$/, "")}@${digest}`;
  return { digest, ref, contextHash: hash };
}

/** The name of the engine's own builder; BuildKit stands for it, and is the only one, through the CLI or not. */
const ONLY_BUILDER = "default";

const COMPRESSION = ["compression", "compressionLevel", "forceCompression"];
const COMPRESSED = [...COMPRESSION, "ociMediaTypes"];
const CACHED = ["mode", "ignoreError", ...COMPRESSION];

const image: ResourceKind = {
  accepts: [
    "tags",
    "target",
    "buildArgs",
    "platforms",
    "push",
    "labels",
    "network",
    "noCache",
    "secrets",
    "buildOnPreview",
    "addHosts",
    "exec",
    {
      builder: ["name"],
      context: ["location", "named"],
      dockerfile: ["location", "inline"],
      cacheFrom: ["disabled", { registry: ["ref"], local: ["src", "digest"] }],
      cacheTo: [
        "disabled",
        { inline: [], registry: ["ref", "imageManifest", "ociMediaTypes", ...CACHED], local: ["dest", ...CACHED] },
      ],
      exports: [
        "disabled",
        "cacheonly",
        "raw",
        { registry: ["names", "push", ...COMPRESSED], image: ["names", "push", ...COMPRESSED] },
        { oci: ["names", "dest", ...COMPRESSED], docker: ["names", "dest", ...COMPRESSED] },
        { tar: ["dest"], local: ["dest"] },
      ],
    },
  ],
  updates: "all",
  volatileOutputs: ["digest", "ref", "contextHash"],

  check(inputs) {
    const isNameless = flag(inputs, "push") && (texts(inputs, "tags") ?? []).length === 0;
    const nameless = isNameless ? [{ property: "tags", reason: "push needs a tag to push to" }] : [];
    const builder = text(object(inputs, "builder") ?? {}, "name") ?? ONLY_BUILDER;
    const unknown =
      builder === ONLY_BUILDER
        ? []
        : [{ property: "builder", reason: `there is no builder ${builder} here, only ${ONLY_BUILDER}` }];
    return { inputs, failures: [...nameless, ...unknown, ...rawProblems(inputs)] };
  },

  due({ inputs, outputs }) {
    if (hasUnknown(inputs)) return undefined;
    const isSame = contextHash(sourcesOf(inputs)) === text(outputs, "contextHash");
    return isSame ? undefined : { output: "contextHash", action: "update" };
  },

  async create(inputs, call) {
    const outputs = await built(inputs, call);
    return { id: outputs.digest || call.name, outputs };
  },

  async read({ inputs, outputs }, { warn }) {
    const digest = text(outputs, "digest") ?? "";
    const [tag] = texts(inputs, "tags") ?? [];
    if (!isPushed(inputs) || tag === undefined || digest === "") return outputs;
    const isThere = await hasManifest(tag, digest);
    if (isThere === undefined) warn(`the registry of ${tag} does not say whether it still has ${digest}`);
    return isThere === false ? undefined : outputs;
  },

  update: async (_, inputs, call) => ({ ...(await built(inputs, call)) }),

  // What was pushed stays: another environment may run that very digest.
  delete: () => Promise.resolve(),
};

export const plugin: Plugin = {
  table: table as PackageTable,
  config: [],
  resources: { "docker-build:index:Image": image },
};
