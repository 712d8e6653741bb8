import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ImageRef } from "../image/image-ref";
import { hashOf } from "./hash";
import { collectorData, collectorHash, collectorPolicies, collectorSpec, type LogCollector } from "./log-collector";
import { objectMeta, waitBounds } from "./metadata";
import { filesName, observabilityOf } from "./names";
import { ACCOUNT, observabilityMeta } from "./namespace-specs";
import type { Expected } from "./verification";

export interface ObservabilityArgs {
  readonly stack: string;
  /** Of the application; this one's own name is made from it. */
  readonly namespace: string;
  readonly collector: LogCollector;
  readonly image: ImageRef;
  readonly imagePullSecret: string | undefined;
  readonly priorityClass: string | undefined;
  /** How long a rollout may take, in seconds. */
  readonly waitSeconds: number;
}

/**
 * What has access to the nodes, in a namespace of its own with nothing of the application in it: the collector of logs.
 * There is no data in it, so it goes with a stop.
 */
export class Observability extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  /** Whoever waits for it waits for a collector on every node. */
  readonly ready: pulumi.CustomResource;
  /** Changes with anything that its pods are made from. */
  readonly hash: pulumi.Output<string>;
  /** What is verified: one at least, since nobody says how many nodes there are. */
  readonly expected: Expected;

  constructor(name: string, args: ObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:Observability", name, {}, opts);
    const { stack, collector, waitSeconds } = args;
    const namespace = observabilityOf(args.namespace);
    const options = { parent: this };
    const meta = (called: string) => ({ ...objectMeta(stack, called), namespace });
    const own = new k8s.core.v1.Namespace(
      `${name}-object`,
      { metadata: observabilityMeta(stack, args.namespace) },
      options,
    );
    const inside = { ...options, dependsOn: [own] };
    const policies = collectorPolicies(collector, args.namespace).map(
      ({ name: called, spec }) =>
        new k8s.networking.v1.NetworkPolicy(`${name}-policy-${called}`, { metadata: meta(called), spec }, inside),
    );
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: meta(collector.name), ...ACCOUNT },
      inside,
    );
    const data = collectorData(collector, args.namespace);
    const files = new k8s.core.v1.ConfigMap(
      `${name}-files`,
      { metadata: meta(filesName(collector.name)), data },
      inside,
    );
    const spec = collectorSpec({ ...args, filesHash: collectorHash(data) });
    this.ready = new k8s.apps.v1.DaemonSet(
      `${name}-${collector.name}`,
      { metadata: meta(collector.name), spec },
      {
        ...options,
        dependsOn: [...policies, account, files],
        customTimeouts: waitBounds(waitSeconds),
      },
    );
    this.expected = { service: collector.name, image: args.image.toString(), replicas: 1, namespace };
    this.namespace = pulumi.output(namespace);
    this.hash = pulumi.output(spec).apply((text) => hashOf(text));
    this.registerOutputs({ namespace: this.namespace, hash: this.hash });
  }
}
