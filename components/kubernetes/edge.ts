import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import { Certificates } from "../secrets/certificates";
import type { Settings } from "../settings/schema";
import { objectMeta } from "./metadata";
import { ingressSpec, publicService, TLS_SECRET, TLS_SECRET_TYPE, tlsSecretData } from "./network";

export interface PublicEdgeArgs {
  readonly stack: string;
  readonly application: Application;
  readonly settings: Settings;
  /** The certificate of an Ingress, or the name of the Secret that somebody else keeps it in. */
  readonly certificate: Certificates | { readonly secret: string };
}

/** How the edge is reached from outside: a Service of its own, an Ingress, or neither. */
export class PublicEdge extends pulumi.ComponentResource {
  constructor(name: string, args: PublicEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:PublicEdge", name, {}, opts);
    const { application, settings } = args;
    const options = { parent: this };
    const service = publicService(application, settings);
    if (service !== undefined) {
      // A load balancer's address is waited for; a port of the nodes is there at once.
      const annotations: Record<string, string> =
        settings.exposure === "nodePort" ? { "pulumi.com/skipAwait": "true" } : {};
      const metadata = objectMeta(args.stack, service.name, annotations);
      new k8s.core.v1.Service(`${name}-service`, { metadata, spec: service.spec }, options);
    }
    if (settings.exposure === "ingress") this.ingress(name, args);
    this.registerOutputs({});
  }

  private ingress(name: string, { stack, application, settings, certificate }: PublicEdgeArgs): void {
    const made = certificate instanceof Certificates ? [this.secret(`${name}-certificate`, stack, certificate)] : [];
    const secret = certificate instanceof Certificates ? TLS_SECRET : certificate.secret;
    new k8s.networking.v1.Ingress(
      `${name}-ingress`,
      { metadata: objectMeta(stack, application.edge.service), spec: ingressSpec(application, settings, secret) },
      { parent: this, dependsOn: made },
    );
  }

  private secret(name: string, stack: string, { certificate, privateKey }: Certificates): k8s.core.v1.Secret {
    const data = pulumi.all([certificate, privateKey]).apply(([pem, key]) => tlsSecretData(pem, key));
    const metadata = objectMeta(stack, TLS_SECRET);
    return new k8s.core.v1.Secret(name, { metadata, type: TLS_SECRET_TYPE, data }, { parent: this });
  }
}
