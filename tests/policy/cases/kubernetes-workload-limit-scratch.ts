import { kubernetesWorkloadLimitScratch } from "../../../policy/rules/kubernetes-workload-limit-scratch";
import { UNKNOWN } from "../../../policy/value";
import { CRON_JOB, DEPLOYMENT } from "../support/kubernetes-samples";
import { remove, set, type RuleCases } from "../support/rule-cases";

const VOLUMES = "spec.template.spec.volumes";
const JOB_VOLUMES = `spec.jobTemplate.${VOLUMES}`;
const message = "the emptyDir may fill its node: it has no sizeLimit";

const bounded = set(VOLUMES, [
  { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
  { name: "files", configMap: { name: "files" } },
]);

export const cases: RuleCases = {
  rule: kubernetesWorkloadLimitScratch,
  baseline: bounded([DEPLOYMENT]),
  violations: [
    {
      when: "a folder has no bound",
      change: set(`${VOLUMES}[0].emptyDir`, {}),
      path: `${VOLUMES}[0].emptyDir.sizeLimit`,
      message,
    },
    {
      when: "a folder in memory has no bound",
      change: remove(`${VOLUMES}[0].emptyDir.sizeLimit`),
      path: `${VOLUMES}[0].emptyDir.sizeLimit`,
      message,
    },
    {
      when: "a CronJob's folder has no bound",
      change: () => set(JOB_VOLUMES, [{ name: "tmp", emptyDir: {} }])([CRON_JOB]),
      path: `${JOB_VOLUMES}[0].emptyDir.sizeLimit`,
      message,
    },
  ],
  allowed: [{ when: "the pod has no volumes", change: remove(VOLUMES) }],
  unknown: {
    when: "the bound is unknown",
    change: set(`${VOLUMES}[0].emptyDir.sizeLimit`, UNKNOWN),
    path: `${VOLUMES}[0].emptyDir.sizeLimit`,
  },
  embedded: { none: "a pod's volumes are those of all of its containers, init containers included" },
};
