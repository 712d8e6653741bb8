/** The cases of every rule. */
import type { RuleCases } from "../support/rule-cases";
import { cases as builds } from "./builds";
import { cases as clouds } from "./clouds";
import { cases as containerImageRequireDigest } from "./container-image-require-digest";
import { cases as images } from "./images";
import { cases as kubernetesObjects } from "./kubernetes-objects";
import { cases as kubernetesPods } from "./kubernetes-pods";
import { cases as kubernetesWorkloadLimitScratch } from "./kubernetes-workload-limit-scratch";
import { cases as local } from "./local";
import { cases as promotion } from "./promotion";
import { cases as secrets } from "./secrets";

export const CASES: readonly RuleCases[] = [
  containerImageRequireDigest,
  ...images,
  ...promotion,
  ...builds,
  ...secrets,
  ...kubernetesPods,
  ...kubernetesObjects,
  kubernetesWorkloadLimitScratch,
  ...clouds,
  ...local,
];
