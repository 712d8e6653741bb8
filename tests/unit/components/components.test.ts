/** What every component keeps to: type token, names, parents, outputs, and the caller's options. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { dockerPlacement } from "../../../components/docker/placement";
import { DockerStack } from "../../../components/docker/stack";
import { ApplicationImages } from "../../../components/image/application-images";
import { ImageRef } from "../../../components/image/image-ref";
import { loadSettings } from "../../../components/settings/load";
import { record, type Component, type Recording } from "../../support/recorder";
import { onDocker } from "../../support/on-docker";
import { kubernetesStack } from "../../support/on-kubernetes";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

function localStack(stack: Record<string, unknown>, opts: pulumi.ComponentResourceOptions): DockerStack {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack });
  const application = onDocker(settings);
  const all = [...application.services, ...(application.probe === undefined ? [] : [application.probe])];
  const images = Object.fromEntries(all.map(({ image }) => [image, ImageRef.of(`r/${image}`, DIGEST)]));
  const release = { id: "r-1", images: {}, ran: [] };
  const placement = dockerPlacement(settings);
  const plain = {
    application,
    placement,
    settings,
    images,
    release,
    substitutes: [],
    secretSettings: {},
    checkout: "/c",
  };
  return new DockerStack("ralex", plain, opts);
}

/** What registers every component; each of `components/**` has to be made by one of these. */
const PROGRAMS: Readonly<Record<string, (opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource>> = {
  DockerStack: (opts) => localStack({}, opts),
  "DockerStack with a pinned release": (opts) => localStack({ release: { id: "r-1", images: {} } }, opts),
  KubernetesStack: (opts) =>
    kubernetesStack({ exposure: "ingress", apiMaxReplicas: 4, logs: "own", serviceMonitors: "monitoring" }, opts),
  "KubernetesStack with a pinned release": (opts) => kubernetesStack({ release: { id: "r-1", images: {} } }, opts),
  "KubernetesStack with an existing Secret": (opts) =>
    kubernetesStack({ existingSecret: "vault", exposure: "ingress" }, opts),
  ApplicationImages: (opts) =>
    new ApplicationImages(
      "ralex",
      { contexts: "/c", registry: "r", platforms: ["linux/amd64"], python: ImageRef.of("r/python", DIGEST) },
      opts,
    ),
};

const FOLDER = path.resolve(__dirname, "../../../components");
const sources = (fs.readdirSync(FOLDER, { recursive: true }) as string[]).filter((file) => file.endsWith(".ts"));

/** Names of the component classes that the checkout has, exported or not. */
const classes = (): readonly string[] =>
  sources.flatMap((file) => {
    const text = fs.readFileSync(path.join(FOLDER, file), "utf8");
    // What is abstract is made as what extends it.
    const made = /(?<!abstract )class (\w+)[^{]*? extends (?:\w+\.)?(?:ComponentResource|TargetStack)\b/g;
    return [...text.matchAll(made)].map(([, name = ""]) => name);
  });

const recordings = new Map(
  Object.entries(PROGRAMS).map(([name, make]) => [name, () => record(() => make({ protect: true }))]),
);
/** Each recorded once, one after the other: the mocks are the process's own. */
const recorded = (async () => {
  const made = new Map<string, Recording>();
  for (const [name, start] of recordings) made.set(name, await start());
  return made;
})();

/** The outputs among a component's public fields, whatever holds them: one, a list or a record of outputs. */
function outputsOf(component: Component): readonly string[] {
  const isOutput = (value: unknown): boolean => {
    if (pulumi.Output.isInstance(value)) return true;
    const parts = typeof value === "object" && value !== null && !pulumi.Resource.isInstance(value) ? value : {};
    const values = Object.getPrototypeOf(parts) === Object.prototype ? Object.values(parts) : [];
    return values.length > 0 && values.every((part) => pulumi.Output.isInstance(part));
  };
  return Object.entries(component.instance)
    .filter(([key, value]) => isOutput(value) && !key.startsWith("_") && key !== "urn")
    .map(([key]) => key);
}

test("every component class of the checkout is looked at here", async () => {
  const made = [...(await recorded).values()].flatMap(({ components }) => components.map(({ kind }) => kind));
  expect(classes().length).toBeGreaterThan(1);
  expect([...new Set(made)].sort()).toEqual([...classes()].sort());
}, 60_000);

describe.each(Object.keys(PROGRAMS))("the components of %s", (name) => {
  let recording: Recording;
  beforeAll(async () => {
    const found = (await recorded).get(name);
    if (found === undefined) throw new Error(`no recording of ${name}`);
    recording = found;
  }, 60_000);

  test("have a type token of the form ralex:<area>:<Name>", () => {
    const { registrations, components } = recording;
    const own = registrations.filter(({ custom }) => !custom);
    expect(own.length).toBe(components.length);
    for (const { type } of own) expect(type).toMatch(/^ralex:[a-z]+:[A-Z][A-Za-z]+$/);
  });

  test("give every child a name that starts with its parent's, and themselves as the ancestor", () => {
    const { registrations } = recording;
    const orphans = registrations.filter(({ parent }) => parent === "");
    expect(orphans.map(({ name: orphan }) => orphan)).toEqual(["ralex"]);
    expect(registrations.length).toBeGreaterThan(1);
    for (const { name: child, parent } of registrations.filter((registration) => registration.parent !== "")) {
      expect(child.startsWith(`${parent.split("::").at(-1)}-`)).toBe(true);
    }
  });

  test("pass the caller's options on to every child", () => {
    const { registrations } = recording;
    expect(registrations.filter(({ protect }) => !protect).map(({ name: child }) => child)).toEqual([]);
  });

  test("register their outputs, all of them", () => {
    for (const component of recording.components) {
      const registered = recording.outputs.get(component.name);
      // Without registration a component is never done.
      expect([component.name, registered]).toEqual([component.name, expect.any(Array)]);
      expect([component.kind, outputsOf(component).filter((key) => registered?.includes(key) !== true)]).toEqual([
        component.kind,
        [],
      ]);
      // And nothing that is no field of theirs.
      expect([component.kind, registered?.filter((key) => !(key in component.instance))]).toEqual([component.kind, []]);
    }
    expect(recording.components.flatMap(outputsOf).length).toBeGreaterThan(0);
  });
});
