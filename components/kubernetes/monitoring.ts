import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../app/model";
import type { Settings } from "../settings/schema";
import { objectMeta } from "./metadata";
import { MONITORING_VERSION, monitoringObjects } from "./service-monitors";

export interface MonitoringArgs {
  readonly stack: string;
  /** Of the application. */
  readonly namespace: string;
  readonly application: Application;
  readonly settings: Settings;
}

/** What the Prometheus of somebody else is told of the stack. */
export class Monitoring extends pulumi.ComponentResource {
  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:kubernetes:Monitoring", name, {}, opts);
    const { stack, application, namespace, settings } = args;
    for (const { kind, name: called, labels, spec } of monitoringObjects(stack, application, namespace, settings)) {
      const metadata = { ...objectMeta(stack, called), labels };
      const object = { apiVersion: MONITORING_VERSION, kind, metadata, spec };
      const part = kind === "ServiceMonitor" ? `monitor-${called}` : "rules";
      new k8s.apiextensions.CustomResource(`${name}-${part}`, object, { parent: this });
    }
    this.registerOutputs({});
  }
}
