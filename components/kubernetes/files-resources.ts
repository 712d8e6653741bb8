import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FileMount, Service } from "../app/model";
import { composes } from "../secrets/composed";
import type { Resolver } from "../secrets/resolver";
import { composedData, composedHash, type ExistingSecret } from "./composed-files";
import { fileData, filesHash, isPlain, isSecret, secretData } from "./files";
import { objectMeta } from "./metadata";
import { filesName } from "./names";

export interface ServiceFilesArgs {
  readonly stack: string;
  readonly service: Service;
  readonly resolver: Resolver;
  /** The Secret that files with secrets are composed from in the pod, where the stack makes no secrets. */
  readonly existing: ExistingSecret | undefined;
}

/** A service's files: one ConfigMap for what is plain, and for what is not, one Secret or how it is composed. */
export class ServiceFiles extends pulumi.ComponentResource {
  /** Hash over names and contents; it reveals nothing of a generated secret. */
  readonly hash: pulumi.Output<string>;
  readonly resources: readonly pulumi.CustomResource[];

  constructor(
    private readonly name: string,
    private readonly args: ServiceFilesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:kubernetes:Files", name, {}, opts);
    const { service, existing } = args;
    const { resources, hash } =
      existing !== undefined && composes(service) ? this.composed(existing) : this.contents(service.files);
    this.resources = resources;
    this.hash = hash;
    this.registerOutputs({ hash: this.hash });
  }

  private composed({ name: secret }: ExistingSecret): Pick<ServiceFiles, "hash" | "resources"> {
    const { service, resolver } = this.args;
    const data = composedData(service, secret, (value) => resolver.plain(value));
    return { resources: [this.configMap(data)], hash: pulumi.output(composedHash(data)) };
  }

  private contents(files: readonly FileMount[]): Pick<ServiceFiles, "hash" | "resources"> {
    const { resolver } = this.args;
    const contentsOf = (some: readonly FileMount[]) => pulumi.all(some.map(({ content }) => resolver.text(content)));
    const [plain, secret] = [files.filter(isPlain), files.filter(isSecret)];
    const data = contentsOf(secret).apply((contents) => secretData(fileData(secret, contents)));
    return {
      resources: [
        ...(plain.length === 0
          ? []
          : [this.configMap(pulumi.unsecret(contentsOf(plain)).apply((contents) => fileData(plain, contents)))]),
        ...(secret.length === 0
          ? []
          : [new k8s.core.v1.Secret(`${this.name}-secret`, { metadata: this.metadata(), data }, { parent: this })]),
      ],
      hash: pulumi.unsecret(contentsOf(files).apply((contents) => filesHash(files, contents))),
    };
  }

  private configMap(data: pulumi.Input<Record<string, string>>): pulumi.CustomResource {
    return new k8s.core.v1.ConfigMap(`${this.name}-plain`, { metadata: this.metadata(), data }, { parent: this });
  }

  private metadata(): ReturnType<typeof objectMeta> {
    return objectMeta(this.args.stack, filesName(this.args.service.name));
  }
}
