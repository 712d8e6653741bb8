import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { ImageRef } from "./image-ref";
import type { Platform } from "./platforms";
import type { ReleaseRecord } from "./releases";

/** The last commit that changed a build context. */
export interface LastChange {
  readonly commit: string;
  /** Seconds since 1970: the time of everything in the image that has no time of its own. */
  readonly time: number;
}

export interface ApplicationImagesArgs {
  /** Folder of the build contexts `ralex-api` and `probe`; relative to the program, so that it is the same in every clone. */
  readonly contexts: string;
  /** Build context of a foreign Ralex, which has one image for every use; it takes the place of `ralex-api`. */
  readonly foreign?: string;
  /** Registry and path prefix, `127.0.0.1:5055` or `ghcr.io/acme`. */
  readonly registry: string;
  readonly platforms: readonly Platform[];
  /** The Python image that the builds start from. */
  readonly python: ImageRef;
  /**
   * Whether the engine's own builder builds, which has one platform and pushes as the engine does: to a registry on the
   * engine's loopback too, which no builder in a container reaches. The provider has no other way to it than the CLI.
   */
  readonly engineBuilds?: boolean;
  /** By context, for a release: its images are reproducible. Without it, they are built for speed. */
  readonly changes?: Readonly<Record<"ralex-api" | "probe", LastChange>>;
}

/** Contexts and Dockerfile targets by the name that the model gives the image. */
const IMAGES = {
  "ralex-api": { context: "ralex-api", target: "prod" },
  "ralex-api-dev": { context: "ralex-api", target: "dev" },
  probe: { context: "probe", target: undefined },
} as const;

/** Ralex's own images, pushed to a registry; what was pushed stays when the stack is destroyed. */
export class ApplicationImages extends pulumi.ComponentResource {
  /** By image name: reference by digest, and platforms. */
  readonly built: pulumi.Output<ReleaseRecord["images"]>;

  constructor(name: string, args: ApplicationImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:image:ApplicationImages", name, {}, opts);
    const images = (Object.keys(IMAGES) as (keyof typeof IMAGES)[]).map((image) => {
      const repository = `${args.registry}/${image}`;
      const built = new dockerBuild.Image(`${name}-${image}`, inputs(args, image, repository), {
        parent: this,
        retainOnDelete: true,
      });
      const ref = built.digest.apply((digest) => ImageRef.of(repository, digest).toString());
      return [image, { ref, platforms: [...args.platforms] }] as const;
    });
    this.built = pulumi.output(Object.fromEntries(images));
    this.registerOutputs({ built: this.built });
  }
}

function inputs(
  { contexts, foreign, platforms, python, engineBuilds, changes }: ApplicationImagesArgs,
  image: keyof typeof IMAGES,
  repository: string,
): dockerBuild.ImageArgs {
  const { context, target } = IMAGES[image];
  const isForeign = foreign !== undefined && context === "ralex-api";
  const common = {
    context: { location: isForeign ? foreign : `${contexts}/${context}` },
    ...(target === undefined ? {} : { target: isForeign ? "prod" : target }),
    platforms: [...platforms],
    buildOnPreview: false,
    ...(engineBuilds === true ? { exec: true, builder: { name: "default" } } : {}),
  };
  const buildArgs = { PYTHON_IMAGE: python.toString() };
  // Tags are for people looking into the registry, and keep it from clearing an image away; programs use the digest.
  if (changes === undefined) return { ...common, buildArgs, tags: [`${repository}:working-tree`], push: true };
  const change = changes[context];
  return {
    ...common,
    buildArgs: { ...buildArgs, SOURCE_DATE_EPOCH: String(change.time) },
    // One tag for each pair of context and base, so that no later release takes the tag of an earlier one.
    tags: [`${repository}:${change.commit.slice(0, 12)}-${python.digest.slice("sha256:".length).slice(0, 8)}`],
    // Raw, since the typed export leaves times out. None is rewritten: the Dockerfiles give every file a constant one,
    // and rewriting takes half a minute for each commit.
    push: false,
    exports: [{ raw: "type=registry,push=true,oci-mediatypes=true,rewrite-timestamp=false" }],
    // One reference holds both platforms, since one builder builds both; several builders would overwrite each other.
    // Final layers only (mode=min): what a code change leaves alone are those, and nothing else has to be uploaded.
    cacheFrom: [{ registry: { ref: `${repository}:cache` } }],
    cacheTo: [{ registry: { ref: `${repository}:cache`, mode: "min", imageManifest: true, ociMediaTypes: true } }],
  };
}
