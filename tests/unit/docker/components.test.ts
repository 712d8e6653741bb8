/** What every component keeps to: type token, names, parents, outputs, and the caller's options. */
import * as pulumi from "@pulumi/pulumi";
import { describeRalex } from "../../../components/app/ralex";
import { LocalStack } from "../../../components/docker/local-stack";
import { ApplicationImages } from "../../../components/image/application-images";
import { ImageRef } from "../../../components/image/image-ref";
import { loadSettings } from "../../../components/settings/load";
import { record, type Recording } from "../../support/recorder";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

function localStack(stack: Record<string, unknown>, opts: pulumi.ComponentResourceOptions): LocalStack {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack });
  const application = describeRalex(settings);
  const all = [...application.services, ...(application.probe === undefined ? [] : [application.probe])];
  const images = Object.fromEntries(all.map(({ image }) => [image, ImageRef.of(`r/${image}`, DIGEST)]));
  const release = { id: "r-1", images: {} };
  const plain = { application, settings, images, release, substitutes: [], secretSettings: {}, checkout: "/c" };
  return new LocalStack("ralex", plain, opts);
}

const COMPONENTS: Readonly<Record<string, (opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource>> = {
  LocalStack: (opts) => localStack({}, opts),
  "LocalStack with a pinned release": (opts) => localStack({ release: { id: "r-1", images: {} } }, opts),
  ApplicationImages: (opts) =>
    new ApplicationImages(
      "ralex",
      { contexts: "/c", registry: "r", platforms: ["linux/amd64"], python: ImageRef.of("r/python", DIGEST) },
      opts,
    ),
};

describe.each(Object.entries(COMPONENTS))("the component %s", (_, make) => {
  let recording: Recording & { component: pulumi.ComponentResource | undefined };
  beforeAll(async () => {
    let component: pulumi.ComponentResource | undefined;
    recording = { ...(await record(() => (component = make({ protect: true })))), component };
  });

  test("has a type token of the form ralex:<area>:<Name>, and so have the components in it", () => {
    const { registrations } = recording;
    const own = registrations.filter(({ type }) => type.startsWith("ralex:"));
    expect(own.length).toBeGreaterThan(0);
    for (const { type } of own) expect(type).toMatch(/^ralex:[a-z]+:[A-Z][A-Za-z]+$/);
  });

  test("gives every child a name that starts with its parent's, and itself as the ancestor", () => {
    const { registrations } = recording;
    const orphans = registrations.filter(({ parent }) => parent === "");
    expect(orphans.map(({ name }) => name)).toEqual(["ralex"]);
    for (const { name, parent } of registrations.filter((registration) => registration.parent !== "")) {
      expect(name.startsWith(`${parent.split("::").at(-1)}-`)).toBe(true);
    }
  });

  test("passes the caller's options on to every child", () => {
    const { registrations } = recording;
    expect(registrations.filter(({ protect }) => !protect).map(({ name }) => name)).toEqual([]);
  });

  test("registers exactly its public outputs", () => {
    const { component, outputs } = recording;
    const fields = Object.entries(component ?? {})
      .filter(([key, value]) => pulumi.Output.isInstance(value) && !key.startsWith("_") && key !== "urn")
      .map(([key]) => key);
    expect(fields.length).toBeGreaterThan(0);
    expect([...(outputs.get("ralex") ?? [])].sort()).toEqual(fields.sort());
  });
});
