import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import type { Certificates } from "../secrets/certificates";
import type { Settings } from "../settings/schema";
import { objectMeta } from "./metadata";
import { ingressSpec, publicService, TLS_SECRET, TLS_SECRET_TYPE, tlsSecretData } from "./network";

export interface PublicEdgeArgs {
  readonly stack: string;
  readonly application: Application;
  readonly settings: Settings;
  readonly certificates: Certificates;
}

/** How the edge is reached from outside: a Service of its own, an Ingress, or neither. */
export class PublicEdge extends pulumi.ComponentResource {
  constructor(name: string, args: PublicEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:PublicEdge", name, {}, opts);
    const { stack, application, settings, certificates } = args;
    const options = { parent: this };
    const service = publicService(application, settings);
    if (service !== undefined) {
      // A load balancer's address is waited for; a port of the nodes is there at once.
      const annotations: Record<string, string> =
        settings.exposure === "nodePort" ? { "pulumi.com/skipAwait": "true" } : {};
      const metadata = objectMeta(stack, service.name, annotations);
      new k8s.core.v1.Service(`${name}-service`, { metadata, spec: service.spec }, options);
    }
    if (settings.exposure === "ingress") {
      const secret = new k8s.core.v1.Secret(
        `${name}-certificate`,
        {
          metadata: objectMeta(stack, TLS_SECRET),
          type: TLS_SECRET_TYPE,
          data: pulumi
            .all([certificates.certificate, certificates.privateKey])
            .apply(([certificate, key]) => tlsSecretData(certificate, key)),
        },
        options,
      );
      new k8s.networking.v1.Ingress(
        `${name}-ingress`,
        { metadata: objectMeta(stack, application.edge.service), spec: ingressSpec(application, settings) },
        { ...options, dependsOn: [secret] },
      );
    }
    this.registerOutputs({});
  }
}
