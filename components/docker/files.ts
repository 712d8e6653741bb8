import * as crypto from "node:crypto";
import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../app/model";
import type { Resolver } from "./resolve";
import { quote } from "./shell";

const WRITER = path.join(__dirname, "write-files.mjs");
const SECRET_MODE = 0o400;
const PLAIN_MODE = 0o444;
/** Hexadecimal digits of the content's hash in a folder's name. */
const HASH_LENGTH = 16;

export interface ServiceFilesArgs {
  readonly service: Service;
  readonly resolver: Resolver;
  /** Absolute folder of the stack's files on the engine's host. */
  readonly folder: string;
}

/**
 * A service's files on the engine's host, to be mounted read-only one by one.
 *
 * The folder's name holds the hash of all contents. A rotated secret so gives a new folder, and with it a new
 * container; the old one keeps what it started with until it is gone.
 */
export class ServiceFiles extends pulumi.ComponentResource {
  /** Hash over names, modes and contents; it reveals nothing of a generated secret. */
  readonly hash: pulumi.Output<string>;
  /** Bind mounts, in the order of the model. */
  readonly mounts: pulumi.Output<{ type: string; source: string; target: string; readOnly: boolean }[]>;

  constructor(name: string, args: ServiceFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:docker:ServiceFiles", name, {}, opts);
    const { service } = args;
    const names = service.files.map((file, index) => `${index}-${path.basename(file.path)}`);
    const contents = pulumi.all(service.files.map((file) => args.resolver.text(file.content)));
    const document = contents.apply((texts) =>
      JSON.stringify(
        texts.map((content, index) => ({
          name: names[index],
          mode: service.files[index]?.secret === true ? SECRET_MODE : PLAIN_MODE,
          ...service.user,
          content,
        })),
      ),
    );
    this.hash = pulumi.unsecret(
      document.apply((text) => crypto.createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH)),
    );
    const folder = this.hash.apply((hash) => path.join(args.folder, service.name, hash));
    const written = new command.local.Command(
      `${name}-written`,
      {
        create: folder.apply((target) => `node ${quote(WRITER)} write ${quote(target)}`),
        delete: folder.apply((target) => `node ${quote(WRITER)} remove ${quote(target)}`),
        stdin: pulumi.secret(document),
        triggers: [this.hash],
        logging: command.local.Logging.None,
      },
      { parent: this },
    );
    // Known in preview; only the containers have to wait for the files.
    this.mounts = folder.apply((source) =>
      service.files.map((file, index) => ({
        type: "bind",
        source: path.join(source, names[index] ?? ""),
        target: file.path,
        readOnly: true,
      })),
    );
    this.written = written;
    this.registerOutputs({ hash: this.hash, mounts: this.mounts });
  }

  /** What a container that mounts the files has to wait for. */
  readonly written: pulumi.Resource;
}
