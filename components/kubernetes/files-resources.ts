import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FileMount, Service } from "../app/model";
import type { Resolver } from "../secrets/resolver";
import { fileData, filesHash, isPlain, isSecret, secretData } from "./files";
import { objectMeta } from "./metadata";
import { filesName } from "./names";

export interface ServiceFilesArgs {
  readonly stack: string;
  readonly service: Service;
  readonly resolver: Resolver;
}

/** A service's files: one ConfigMap for what is plain, one Secret for what is not. */
export class ServiceFiles extends pulumi.ComponentResource {
  /** Hash over names and contents; it reveals nothing of a generated secret. */
  readonly hash: pulumi.Output<string>;
  readonly resources: readonly pulumi.CustomResource[];

  constructor(name: string, args: ServiceFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:Files", name, {}, opts);
    const { stack, service, resolver } = args;
    const contentsOf = (files: readonly FileMount[]) => pulumi.all(files.map(({ content }) => resolver.text(content)));
    const metadata = objectMeta(stack, filesName(service.name));
    const [plain, secret] = [service.files.filter(isPlain), service.files.filter(isSecret)];
    const options = { parent: this };
    this.resources = [
      ...(plain.length === 0
        ? []
        : [
            new k8s.core.v1.ConfigMap(
              `${name}-plain`,
              { metadata, data: pulumi.unsecret(contentsOf(plain)).apply((contents) => fileData(plain, contents)) },
              options,
            ),
          ]),
      ...(secret.length === 0
        ? []
        : [
            new k8s.core.v1.Secret(
              `${name}-secret`,
              { metadata, data: contentsOf(secret).apply((contents) => secretData(fileData(secret, contents))) },
              options,
            ),
          ]),
    ];
    this.hash = pulumi.unsecret(contentsOf(service.files).apply((contents) => filesHash(service.files, contents)));
    this.registerOutputs({ hash: this.hash });
  }
}
