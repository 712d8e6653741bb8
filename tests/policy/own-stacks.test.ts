/** The pack on what this repository declares, recorded without an engine; the engine tier previews the programs. */
import { judge, type Finding, type Resource } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { dockerStack } from "../support/on-docker";
import { kubernetesStack } from "../support/on-kubernetes";
import { record, type Recording } from "../support/recorder";
import { contextWith } from "./support/rule-cases";

const EVIDENCE = new Set(["IMG-03", "IMG-04", "IMG-05", "IMG-06", "IMG-07", "PRO-01"]);

/** The resources that plugins manage, with what a preview says of them. */
const resourcesIn = ({ resources, registrations }: Recording, namespace?: string): readonly Resource[] =>
  resources
    .filter(({ custom }) => custom)
    .map(({ type, name, inputs }) => ({
      ...{ type, name, urn: `urn:pulumi:dev::ralex::${type}::${name}` },
      properties: plain(inputs) as Resource["properties"],
      options: {
        protect: registrations.some((one) => one.type === type && one.name === name && one.protect),
        ...(namespace === undefined ? {} : { namespace }),
      },
    }));

/** Without what marks secrets: a policy sees them in clear. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  // What the engine tells of an image that it has pulled.
  if (typeof value === "string" && value.startsWith("id-of-")) return `sha256:${"0".repeat(64)}`;
  if (typeof value !== "object" || value === null) return value;
  if ("4dabf18193072939515e22adb298388d" in value && "value" in value) return plain(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** What is known without evidence; that has a test of its own. */
const found = (resources: readonly Resource[]): readonly string[] =>
  RULES.filter(({ id }) => !EVIDENCE.has(id)).flatMap((rule) =>
    judge(
      rule,
      resources,
      contextWith({ configuration: { hostAccessNamespaces: ["ralex-staging-observability"] } }),
    ).map(
      ({ urn, path, message, isUndecided }: Finding) =>
        `${rule.id} ${urn.split("::").at(-1)} ${path}: ${message}${isUndecided === true ? " (undecided)" : ""}`,
    ),
  );

test("nothing is against the stack on a Docker Engine, at the level of production", async () => {
  for (const settings of [{}, { apiReplicas: 3 }]) {
    expect(found(resourcesIn(await record(() => dockerStack(settings))))).toEqual([]);
  }
});

/** What a stack on a cluster has beside. */
const MORE = { exposure: "ingress", apiMaxReplicas: 4, logs: "own", serviceMonitors: "monitoring" };

test("nothing is against the stack on a cluster, at the level of production", async () => {
  for (const settings of [{}, { apiReplicas: 3, logs: "own" }, MORE]) {
    const recording = await record(() => kubernetesStack(settings), { stack: "staging" });
    expect(found(resourcesIn(recording, "ralex-staging"))).toEqual([]);
  }
});
