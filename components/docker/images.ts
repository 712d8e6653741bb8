import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ImageRef } from "../image/image-ref";

export interface ImagesArgs {
  readonly refs: Readonly<Record<string, ImageRef>>;
}

/** The images on the engine, pulled by digest. They stay when the stack goes: another one may run them. */
export class Images extends pulumi.ComponentResource {
  /** Docker's ids of the images, by name. */
  readonly ids: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: ImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:docker:Images", name, {}, opts);
    this.ids = Object.fromEntries(
      Object.entries(args.refs).map(([image, ref]) => {
        const pulled = new docker.RemoteImage(
          `${name}-${image}`,
          { name: ref.toString(), keepLocally: true },
          { parent: this },
        );
        return [image, pulled.imageId];
      }),
    );
    this.registerOutputs({ ids: this.ids });
  }
}
