import * as crypto from "node:crypto";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { FILES_FOLDER, type Service } from "../app/model";
import type { Identity } from "./identity";
import { FILES_LABEL } from "./labels";
import type { Resolver } from "../secrets/resolver";

const SECRET_MODE = 0o400;
const PLAIN_MODE = 0o444;

export interface ServiceFilesArgs {
  readonly service: Service;
  readonly resolver: Resolver;
  readonly identity: Identity;
  /** Docker's id of an image that the engine has. */
  readonly image: pulumi.Input<string>;
}

/** A file of a service as it is written. */
export interface WrittenFile {
  /** Relative to the folder of the service's files. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: string;
}

/**
 * A service's files, in a volume of the engine that is mounted read-only: neither root nor the engine's host is needed.
 *
 * Another content is another volume, and with it another container; the old one keeps what it started with until it is
 * gone.
 */
export class ServiceFiles extends pulumi.CustomResource {
  /** Name of the volume. */
  declare readonly volume: pulumi.Output<string>;
  /** Hash over paths, modes, owner and contents; it reveals nothing of a generated secret. */
  declare readonly hash: pulumi.Output<string>;

  constructor(name: string, args: ServiceFilesArgs, opts?: pulumi.CustomResourceOptions) {
    const { service, resolver, identity } = args;
    const files = pulumi
      .all(service.files.map(({ content }) => resolver.text(content)))
      .apply((contents) => service.files.map((file, index) => written(file, contents[index] ?? "")));
    const hash = files.apply((list) =>
      crypto
        .createHash("sha256")
        .update(JSON.stringify([service.user, list]))
        .digest("hex"),
    );
    super(
      "ralex:docker:Files",
      name,
      {
        name: identity.name(`${service.name}-files`),
        labels: identity.labels({ [FILES_LABEL]: service.name }),
        image: args.image,
        user: service.user,
        files: pulumi.secret(files),
        hash: pulumi.unsecret(hash),
        volume: undefined,
      },
      opts,
    );
  }
}

const written = (file: Service["files"][number], content: string): WrittenFile => ({
  path: path.posix.relative(FILES_FOLDER, file.path),
  mode: file.secret ? SECRET_MODE : PLAIN_MODE,
  content,
});
