import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import { Certificates } from "../secrets/certificates";
import type { Settings } from "../settings/schema";
import { objectMeta, waitBounds } from "./metadata";
import { publicService } from "./network";
import {
  ingressAnnotations,
  ingressSpec,
  ROUTE_VERSION,
  routeSpec,
  TLS_SECRET,
  TLS_SECRET_TYPE,
  tlsSecretData,
} from "./ways-in";

export interface PublicEdgeArgs {
  readonly stack: string;
  readonly application: Application;
  readonly settings: Settings;
  /** The certificate of an Ingress, or the name of the Secret that somebody else keeps it in. */
  readonly certificate: Certificates | { readonly secret: string };
}

/** How the edge is reached from outside: a Service of its own, an Ingress, a route of a Gateway, or none of them. */
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
    if (settings.exposure === "gateway") this.route(name, args);
    this.registerOutputs({});
  }

  private ingress(name: string, { stack, application, settings, certificate }: PublicEdgeArgs): void {
    const isOwn = certificate instanceof Certificates;
    const made =
      isOwn && settings.tlsSecret === undefined ? [this.secret(`${name}-certificate`, stack, certificate)] : [];
    new k8s.networking.v1.Ingress(
      `${name}-ingress`,
      {
        metadata: objectMeta(stack, application.edge.service, ingressAnnotations(settings)),
        spec: ingressSpec(application, settings, isOwn ? TLS_SECRET : certificate.secret),
      },
      { parent: this, dependsOn: made, customTimeouts: waitBounds(settings.waitSeconds) },
    );
  }

  private secret(name: string, stack: string, { certificate, privateKey }: Certificates): k8s.core.v1.Secret {
    const data = pulumi.all([certificate, privateKey]).apply(([pem, key]) => tlsSecretData(pem, key));
    const metadata = objectMeta(stack, TLS_SECRET);
    return new k8s.core.v1.Secret(name, { metadata, type: TLS_SECRET_TYPE, data }, { parent: this });
  }

  private route(name: string, { stack, application, settings }: PublicEdgeArgs): void {
    new k8s.apiextensions.CustomResource(
      `${name}-route`,
      {
        apiVersion: ROUTE_VERSION,
        kind: "HTTPRoute",
        metadata: objectMeta(stack, application.edge.service, ACCEPTED),
        spec: routeSpec(application, settings),
      },
      { parent: this, customTimeouts: waitBounds(settings.waitSeconds) },
    );
  }
}

/** The Gateway says whether it takes the route; until then nobody is led here. */
const ACCEPTED = {
  "pulumi.com/waitFor": 'jsonpath={.status.parents[*].conditions[?(@.type=="Accepted")].status}=True',
} as const;
