import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { ImageRef } from "./image-ref";
import type { ReleaseRecord } from "./releases";

export interface ApplicationImagesArgs {
  /** Build context of the Ralex API, an absolute folder. */
  readonly context: string;
  /** Whether the context is a foreign Ralex's, which has one image for every use. */
  readonly isForeign?: boolean;
  /** Registry and path prefix, `127.0.0.1:5055` or `ghcr.io/acme`. */
  readonly registry: string;
  readonly platforms: readonly ("linux/amd64" | "linux/arm64")[];
  /** The Python image that the build starts from. */
  readonly python: ImageRef;
}

/** Dockerfile targets by the name that the model gives the image. */
const TARGETS = { "ralex-api": "prod", "ralex-api-dev": "dev" } as const;
const FOREIGN_TARGETS = { "ralex-api": "prod", "ralex-api-dev": "prod" } as const;

/** Ralex's own images, pushed to a registry; what was pushed stays when the stack is destroyed. */
export class ApplicationImages extends pulumi.ComponentResource {
  /** By image name: reference by digest, and platforms. */
  readonly built: pulumi.Output<ReleaseRecord["images"]>;

  constructor(name: string, args: ApplicationImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:image:ApplicationImages", name, {}, opts);
    const images = Object.entries(args.isForeign === true ? FOREIGN_TARGETS : TARGETS).map(([image, target]) => {
      const repository = `${args.registry}/${image}`;
      const built = new dockerBuild.Image(
        `${name}-${image}`,
        {
          context: { location: args.context },
          target,
          buildArgs: { PYTHON_IMAGE: args.python.toString() },
          platforms: [...args.platforms],
          // The tag is for people looking into the registry; everything else uses the digest.
          tags: [`${repository}:latest`],
          push: true,
          buildOnPreview: false,
        },
        { parent: this, retainOnDelete: true },
      );
      const ref = built.digest.apply((digest) => ImageRef.of(repository, digest).toString());
      return [image, { ref, platforms: [...args.platforms] }] as const;
    });
    this.built = pulumi.output(Object.fromEntries(images));
    this.registerOutputs({ built: this.built });
  }
}
