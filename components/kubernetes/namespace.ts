import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import type { Settings } from "../settings/schema";
import { objectMeta } from "./metadata";
import { ACCOUNT, claimSpec, namespaceMeta } from "./namespace-specs";
import { SERVICE_ACCOUNT } from "./pod";
import { policiesOf } from "./policies";

export interface NamespaceArgs {
  readonly stack: string;
  readonly namespace: string;
  readonly application: Application;
  readonly settings: Settings;
}

/** The stack's namespace with what holds for all of its pods: Pod Security, allowed flows, an account, volumes. */
export class Namespace extends pulumi.ComponentResource {
  /** What every other object of the namespace has to come after. */
  readonly resources: readonly pulumi.Resource[];

  constructor(name: string, args: NamespaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:Namespace", name, {}, opts);
    const { stack, namespace, application, settings } = args;
    const options = { parent: this };
    const own = new k8s.core.v1.Namespace(
      `${name}-object`,
      { metadata: namespaceMeta(stack, namespace) },
      // Everything goes with it, the data too.
      { ...options, protect: true },
    );
    const inside = { ...options, dependsOn: [own] };
    const policies = policiesOf(application, namespace, settings).map(
      ({ name: called, spec }) =>
        new k8s.networking.v1.NetworkPolicy(
          `${name}-policy-${called}`,
          { metadata: objectMeta(stack, called), spec },
          inside,
        ),
    );
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: objectMeta(stack, SERVICE_ACCOUNT), ...ACCOUNT },
      inside,
    );
    const volumes = application.volumes.map(
      (volume) =>
        new k8s.core.v1.PersistentVolumeClaim(
          `${name}-volume-${volume.name}`,
          {
            // Bound with the first pod that uses it, where the class says so: Pulumi would wait for that in vain.
            metadata: objectMeta(stack, volume.name, { "pulumi.com/skipAwait": "true" }),
            spec: claimSpec(volume, settings),
          },
          // Nothing that a setting or a new name changes may replace what holds data.
          { ...inside, protect: true, ignoreChanges: ["metadata.name", "spec.storageClassName", "spec.accessModes"] },
        ),
    );
    this.resources = [own, ...policies, account, ...volumes];
    this.registerOutputs({});
  }
}
