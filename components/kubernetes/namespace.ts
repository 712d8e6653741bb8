import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import type { Settings } from "../settings/schema";
import { objectMeta } from "./metadata";
import { STACK_LABEL } from "./names";
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
      {
        metadata: {
          name: namespace,
          labels: { [STACK_LABEL]: stack, ...podSecurity("enforce"), ...podSecurity("warn") },
        },
      },
      // Everything goes with it, the data too.
      { ...options, protect: true },
    );
    const inside = { ...options, dependsOn: [own] };
    const policies = policiesOf(application).map(
      ({ name: called, spec }) =>
        new k8s.networking.v1.NetworkPolicy(
          `${name}-policy-${called}`,
          { metadata: objectMeta(stack, called), spec },
          inside,
        ),
    );
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: objectMeta(stack, SERVICE_ACCOUNT), automountServiceAccountToken: false },
      inside,
    );
    const volumes = application.volumes.map(
      ({ name: called, sizeGiB }) =>
        new k8s.core.v1.PersistentVolumeClaim(
          `${name}-volume-${called}`,
          {
            // Bound with the first pod that uses it, where the class says so: Pulumi would wait for that in vain.
            metadata: objectMeta(stack, called, { "pulumi.com/skipAwait": "true" }),
            spec: {
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: `${sizeGiB}Gi` } },
              ...(settings.storageClass === undefined ? {} : { storageClassName: settings.storageClass }),
            },
          },
          // Nothing that a setting or a new name changes may replace what holds data.
          { ...inside, protect: true, ignoreChanges: ["metadata.name", "spec.storageClassName", "spec.accessModes"] },
        ),
    );
    this.resources = [own, ...policies, account, ...volumes];
    this.registerOutputs({});
  }
}

const podSecurity = (mode: "enforce" | "warn") => ({
  [`pod-security.kubernetes.io/${mode}`]: "restricted",
  [`pod-security.kubernetes.io/${mode}-version`]: "latest",
});
