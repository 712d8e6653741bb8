/**
 * Which images are declared with which inputs, for a start and for a release. That BuildKit makes of them what they say
 * is shown by tests/docker/release-build.test.ts.
 */
import { ApplicationImages, type ApplicationImagesArgs } from "../../../components/image/application-images";
import { ImageRef } from "../../../components/image/image-ref";
import { ofType, record, type Recorded } from "../../support/recorder";

const python = ImageRef.of("r/python", `sha256:${"0123456789abcdef".repeat(4)}`);
const PUSHED = `sha256:${"ab".repeat(32)}`;
/** What the SDK adds. */
const DEFAULTS = { network: "default" };
const WORKING_TREE: ApplicationImagesArgs = {
  contexts: "../../images",
  registry: "127.0.0.1:5055",
  platforms: ["linux/amd64"],
  python,
};
const RELEASE: ApplicationImagesArgs = {
  contexts: "../../.ralex/release/context/images",
  registry: "ghcr.io/acme",
  platforms: ["linux/amd64", "linux/arm64"],
  python,
  changes: {
    "ralex-api": { commit: "a1".repeat(20), time: 1_790_000_000 },
    probe: { commit: "b2".repeat(20), time: 1_780_000_000 },
  },
};

async function images(args: ApplicationImagesArgs) {
  let component: ApplicationImages | undefined;
  const { resources } = await record(() => (component = new ApplicationImages("ralex", args)));
  const built = await new Promise((resolve) => component?.built.apply(resolve));
  expect(resources).toHaveLength(4);
  const declared = ofType(resources, "docker-build:index:Image");
  expect(declared).toHaveLength(3);
  // The order of registration is that in which inputs become known, and means nothing.
  const inputsOf = (name: string) => declared.find((resource: Recorded) => resource.name === `ralex-${name}`)?.inputs;
  return { declared: ["ralex-api", "ralex-api-dev", "probe"].map(inputsOf), built };
}

describe("the images of the working tree", () => {
  test("are built for the machine, pushed under a tag of their own, and nothing else", async () => {
    const { declared, built } = await images(WORKING_TREE);
    const common = {
      buildArgs: { PYTHON_IMAGE: python.toString() },
      ...DEFAULTS,
      buildOnPreview: false,
      platforms: ["linux/amd64"],
      push: true,
    };
    const api = { ...common, context: { location: "../../images/ralex-api" } };
    expect(declared).toEqual([
      { ...api, target: "prod", tags: ["127.0.0.1:5055/ralex-api:working-tree"] },
      { ...api, target: "dev", tags: ["127.0.0.1:5055/ralex-api-dev:working-tree"] },
      { ...common, context: { location: "../../images/probe" }, tags: ["127.0.0.1:5055/probe:working-tree"] },
    ]);
    expect(built).toEqual(
      Object.fromEntries(
        ["ralex-api", "ralex-api-dev", "probe"].map((name) => [
          name,
          { ref: `127.0.0.1:5055/${name}@${PUSHED}`, platforms: ["linux/amd64"] },
        ]),
      ),
    );
  });

  test("of a foreign Ralex are one for every use; the probe stays this checkout's", async () => {
    const { declared } = await images({ ...WORKING_TREE, foreign: "/theirs" });
    expect(declared.map((inputs) => ({ context: inputs?.context, target: inputs?.target }))).toEqual([
      { context: { location: "/theirs" }, target: "prod" },
      { context: { location: "/theirs" }, target: "prod" },
      { context: { location: "../../images/probe" }, target: undefined },
    ]);
  });
});

describe("the images of a release", () => {
  test("are for both platforms, reproducible, cached in the registry, and pushed by a raw export", async () => {
    const { declared, built } = await images(RELEASE);
    const expected = (name: string, change: { commit: string; time: number }) => ({
      platforms: ["linux/amd64", "linux/arm64"],
      ...DEFAULTS,
      buildOnPreview: false,
      buildArgs: { PYTHON_IMAGE: python.toString(), SOURCE_DATE_EPOCH: String(change.time) },
      tags: [`ghcr.io/acme/${name}:${change.commit.slice(0, 12)}-01234567`],
      push: false,
      exports: [{ raw: "type=registry,push=true,oci-mediatypes=true,rewrite-timestamp=false" }],
      cacheFrom: [{ registry: { ref: `ghcr.io/acme/${name}:cache` } }],
      cacheTo: [
        { registry: { ref: `ghcr.io/acme/${name}:cache`, mode: "min", imageManifest: true, ociMediaTypes: true } },
      ],
    });
    const [api, probe] = [
      { commit: "a1".repeat(20), time: 1_790_000_000 },
      { commit: "b2".repeat(20), time: 1_780_000_000 },
    ];
    const folder = "../../.ralex/release/context/images";
    expect(declared).toEqual([
      { ...expected("ralex-api", api), context: { location: `${folder}/ralex-api` }, target: "prod" },
      { ...expected("ralex-api-dev", api), context: { location: `${folder}/ralex-api` }, target: "dev" },
      { ...expected("probe", probe), context: { location: `${folder}/probe` } },
    ]);
    expect(built).toMatchObject({ probe: { platforms: ["linux/amd64", "linux/arm64"] } });
  });

  test("never ask for newer layers of a base, which makes every update a change", async () => {
    const { declared } = await images(RELEASE);
    for (const inputs of declared) expect(inputs).not.toHaveProperty("pull");
  });
});
