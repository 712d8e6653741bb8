/** What runs a service's pods, as plain data: a Deployment, a StatefulSet or a Job. */
import type { types } from "@pulumi/kubernetes";
import type { Service } from "../app/model";
import { selector } from "./names";

type PodTemplate = types.input.core.v1.PodTemplateSpec;

/** Revisions that kubectl rollout undo would find; a rollback of Ralex re-pins instead, and needs none. */
const REVISIONS_KEPT = 2;

/** Which kind of object runs a service. */
export type WorkloadKind = "Deployment" | "StatefulSet" | "Job";

/** A database has one writer at a time: the platform has to be sure that the previous one has ended. */
export function workloadKind({ kind, volumes }: Service): WorkloadKind {
  if (kind === "job") return "Job";
  return volumes.some(({ holds }) => holds === "database") ? "StatefulSet" : "Deployment";
}

/** Without the number of replicas where an autoscaler has it. @param waitSeconds - how long a rollout may take. */
export const deploymentSpec = (
  service: Service,
  template: PodTemplate,
  waitSeconds: number,
): types.input.apps.v1.DeploymentSpec => ({
  ...(service.scaling === undefined ? { replicas: service.replicas } : {}),
  revisionHistoryLimit: REVISIONS_KEPT,
  progressDeadlineSeconds: waitSeconds,
  selector: { matchLabels: selector(service.name) },
  // Two at once would share a volume; without one a new replica is there before an old one goes.
  strategy:
    service.volumes.length > 0
      ? { type: "Recreate" }
      : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  template,
});

export const statefulSetSpec = (service: Service, template: PodTemplate): types.input.apps.v1.StatefulSetSpec => ({
  replicas: service.replicas,
  serviceName: service.name,
  // In order, a pod that never becomes ready would keep every later update waiting for it, the one that repairs it too.
  podManagementPolicy: "Parallel",
  revisionHistoryLimit: REVISIONS_KEPT,
  selector: { matchLabels: selector(service.name) },
  template,
});

/** How long a job may go on, and how often it is tried again. */
export interface JobBounds {
  readonly seconds: number;
  readonly retries: number;
}

/** Of a job that starts once everything is there that it needs. */
export const orderedJob = (waitSeconds: number): JobBounds => ({ seconds: waitSeconds, retries: 3 });

/**
 * Of a job that is applied together with what it needs: images may still be pulled and databases made. With the pauses of
 * Kubernetes, 10 seconds doubled up to six minutes, these retries are spent after some 35 minutes.
 */
export const UNORDERED_JOB: JobBounds = { seconds: 3600, retries: 10 };

/** A failed run is tried again with growing pauses: what it waits for may be about to come. */
export const jobSpec = (template: PodTemplate, { seconds, retries }: JobBounds): types.input.batch.v1.JobSpec => ({
  backoffLimit: retries,
  activeDeadlineSeconds: seconds,
  template,
});

/** A Job is never changed: another one takes its place, and shows in its name what it is for. */
export const jobName = (service: Service, hash: string): string => `${service.name}-${hash.slice(0, 8)}`;

/** Whether one replica has to stay while nodes are emptied. */
export const isBudgeted = ({ replicas, scaling }: Service): boolean => replicas > 1 || scaling !== undefined;

/** One replica at a time may be taken from a node that is emptied. */
export const disruptionBudgetSpec = (service: Service): types.input.policy.v1.PodDisruptionBudgetSpec => ({
  maxUnavailable: 1,
  selector: { matchLabels: selector(service.name) },
});
