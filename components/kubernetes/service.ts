import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Scaling, Service } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import type { Resolver } from "../secrets/resolver";
import type { ExistingSecret } from "./composed-files";
import { ServiceFiles } from "./files-resources";
import { autoscaler } from "./autoscaling";
import { hashOf } from "./hash";
import { objectMeta, waitBounds } from "./metadata";
import { servicesOf } from "./network";
import { podTemplate } from "./pod";
import {
  deploymentSpec,
  disruptionBudgetSpec,
  isBudgeted,
  jobName,
  jobSpec,
  orderedJob,
  statefulSetSpec,
  workloadKind,
} from "./workload";

export interface ServiceArgs {
  readonly stack: string;
  readonly service: Service;
  readonly image: ImageRef;
  /** Of the application. */
  readonly namespace: string;
  readonly imagePullSecret: string | undefined;
  readonly priorityClass: string | undefined;
  readonly resolver: Resolver;
  /** The Secret that files with secrets are composed from, where the stack makes no secrets. */
  readonly existing: ExistingSecret | undefined;
  /** What has to be there before it starts. */
  readonly after: readonly pulumi.Resource[];
  /** How long a rollout or a job may take, in seconds. */
  readonly waitSeconds: number;
}

/** One service: its names, its files, and a Deployment, StatefulSet or Job. */
export class KubernetesService extends pulumi.ComponentResource {
  /** What a dependent waits for: every replica ready, or the job done. */
  readonly ready: pulumi.CustomResource;
  /** Changes with anything that its pods are made from. */
  readonly hash: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    private readonly args: ServiceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:kubernetes:Service", name, {}, opts);
    const { service, resolver, existing } = args;
    const files = new ServiceFiles(
      `${name}-files`,
      { stack: args.stack, service, resolver, existing },
      { parent: this },
    );
    const names = servicesOf(service).map(
      ({ name: called, spec }) =>
        new k8s.core.v1.Service(
          `${name}-name-${called}`,
          // Waiting for endpoints is the workload's business, and Pulumi would wait ten seconds more for each.
          { metadata: objectMeta(args.stack, called, { "pulumi.com/skipAwait": "true" }), spec },
          { parent: this },
        ),
    );
    const template = podTemplate({ ...args, filesHash: files.hash, text: (value) => resolver.plain(value) });
    this.hash = pulumi.output(template).apply((text) => hashOf(text));
    this.ready = this.workload(template, [...args.after, ...files.resources, ...names]);
    this.scale(this.ready);
    this.registerOutputs({ hash: this.hash });
  }

  private workload(
    template: ReturnType<typeof podTemplate>,
    dependsOn: readonly pulumi.Resource[],
  ): pulumi.CustomResource {
    const { name, args } = this;
    const { stack, service, waitSeconds } = args;
    const options = {
      parent: this,
      dependsOn: [...dependsOn],
      customTimeouts: waitBounds(waitSeconds),
    };
    const metadata = objectMeta(stack, service.name);
    switch (workloadKind(service)) {
      case "Job": {
        // One that has failed stays so for ever: the next update makes it anew.
        const annotations = { ...metadata.annotations, "pulumi.com/replaceUnready": "true" };
        const meta = { ...metadata, annotations, name: this.hash.apply((hash) => jobName(service, hash)) };
        const spec = jobSpec(template, orderedJob(waitSeconds));
        return new k8s.batch.v1.Job(`${name}-job`, { metadata: meta, spec }, options);
      }
      case "StatefulSet":
        return new k8s.apps.v1.StatefulSet(
          `${name}-stateful-set`,
          { metadata, spec: statefulSetSpec(service, template) },
          options,
        );
      case "Deployment": {
        const spec = deploymentSpec(service, template, waitSeconds);
        return new k8s.apps.v1.Deployment(`${name}-deployment`, { metadata, spec }, options);
      }
    }
  }

  private scale(workload: pulumi.CustomResource): void {
    const { name, args } = this;
    const { stack, service } = args;
    const metadata = objectMeta(stack, service.name);
    const options = { parent: this, dependsOn: [workload] };
    if (service.scaling !== undefined) this.autoscale(service, service.scaling, options);
    if (isBudgeted(service)) {
      const spec = disruptionBudgetSpec(service);
      new k8s.policy.v1.PodDisruptionBudget(`${name}-disruption-budget`, { metadata, spec }, options);
    }
  }

  private autoscale(service: Service, scaling: Scaling, options: pulumi.CustomResourceOptions): void {
    const { name, args } = this;
    const metadata = objectMeta(args.stack, service.name);
    const scaler = autoscaler(service, scaling, args.namespace);
    if (scaler.kind === "HorizontalPodAutoscaler") {
      const { spec } = scaler;
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(`${name}-autoscaler`, { metadata, spec }, options);
    } else {
      new k8s.apiextensions.CustomResource(`${name}-scaled-object`, { ...scaler, metadata }, options);
    }
  }
}
