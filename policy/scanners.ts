/**
 * What others' scanners find in the planning document's manifests and in what this repository renders and builds, and which
 * of our rules has it. Found by:
 *
 *     checkov -d <folder> --framework kubernetes secrets dockerfile
 *     kube-score score <file>
 *     trivy config <folder>
 *
 * on `tests/policy/fixtures/planning-document`, `./ralex render kubernetes` and `compose`, `helm template charts/ralex`, and
 * `images`. None of the three reads a Compose file, but for secrets in its text.
 */

export const SCANNERS = {
  checkov: "3.3.30",
  "kube-score": "1.20.0",
  trivy: "0.74.0",
} as const;

/** Where: the planning document's manifests, our rendered ones, our Dockerfiles. */
export type Place = "planning document" | "rendered" | "images";

export interface ScannerFinding {
  readonly scanner: keyof typeof SCANNERS;
  /** Ids of the scanner for the same matter. */
  readonly ids: readonly string[];
  readonly title: string;
  readonly places: readonly Place[];
  /** Ids of our rules that have it. */
  readonly rules: readonly string[];
  /** Why it is left out, or, beside rules, what of it is. */
  readonly leftOut?: string;
}

const NAMESPACE_OF_RELEASE =
  "In our chart only: Helm puts a release into the namespace that it is told. K8-09 and K8-10 judge the namespace that a workload is in, `default` too.";
const OWN_USER =
  "An image's files belong to the user that its publisher made (nginx 101, Postgres and Redis 999, Grafana 472). K8-01 refuses root; each pod's volumes are its own.";
const NAMES_ONLY =
  "The words are names in scripts and SQL, which read the secrets from files. SEC-01 looks at the values of a ConfigMap.";
const PINNED_BASE = "Our Dockerfiles take the base as an argument, which the build sets to a digest of the image lock.";

export const SCANNER_FINDINGS: readonly ScannerFinding[] = [
  {
    scanner: "checkov",
    ids: ["CKV_K8S_14", "CKV_K8S_43"],
    title: "An image has a tag that moves, or no digest",
    places: ["planning document"],
    rules: ["IMG-01"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_20", "CKV_K8S_28", "CKV_K8S_31", "CKV_K8S_37"],
    title: "Privileges may be gained, capabilities are kept, seccomp is off",
    places: ["planning document"],
    rules: ["K8-02"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_23"],
    title: "A container may be root",
    places: ["planning document"],
    rules: ["K8-01"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_29", "CKV_K8S_30"],
    title: "There is no security context",
    places: ["planning document"],
    rules: ["K8-01", "K8-02"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_22"],
    title: "The root file system may be written",
    places: ["planning document"],
    rules: ["K8-04"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_38"],
    title: "A token of the API is mounted",
    places: ["planning document", "rendered"],
    rules: ["K8-07"],
    leftOut:
      "The chart's hook that makes the Secret needs its token, and mounts it for itself alone; K8-07 takes what is said by name.",
  },
  {
    scanner: "checkov",
    ids: ["CKV2_K8S_6"],
    title: "No NetworkPolicy is for a pod",
    places: ["planning document"],
    rules: ["K8-09"],
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_8", "CKV_K8S_9"],
    title: "There is no liveness or readiness probe",
    places: ["rendered"],
    rules: ["K8-06"],
    leftOut: "What is left is the chart's test, a pod that runs to its end and has no port.",
  },
  {
    scanner: "checkov",
    ids: ["CKV_SECRET_4", "CKV_SECRET_6"],
    title: "A text looks like a credential",
    places: ["planning document", "rendered"],
    rules: ["SEC-01", "SEC-02"],
    leftOut: "In our rendered files they are hashes of contents and digests of images.",
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_21"],
    title: "The namespace is `default`",
    places: ["planning document", "rendered"],
    rules: ["K8-09", "K8-10"],
    leftOut: NAMESPACE_OF_RELEASE,
  },
  {
    scanner: "checkov",
    ids: ["CKV_K8S_40"],
    title: "The user's number is below 10000",
    places: ["planning document", "rendered"],
    rules: [],
    leftOut: OWN_USER,
  },
  {
    scanner: "checkov",
    ids: ["CKV_DOCKER_7"],
    title: "A base image's tag is latest",
    places: ["images"],
    rules: [],
    leftOut: PINNED_BASE,
  },
  {
    scanner: "checkov",
    ids: ["CKV_DOCKER_2"],
    title: "An image has no HEALTHCHECK",
    places: ["images"],
    rules: ["LOC-03", "K8-06"],
    leftOut:
      "The probe runs to its end. Health is part of a service's description, and so of the container, not of its image.",
  },
  {
    scanner: "kube-score",
    ids: ["container-image-tag"],
    title: "An image's tag is latest",
    places: ["planning document"],
    rules: ["IMG-01"],
  },
  {
    scanner: "kube-score",
    ids: ["container-security-context-readonlyrootfilesystem"],
    title: "The root file system may be written",
    places: ["planning document"],
    rules: ["K8-04"],
  },
  {
    scanner: "kube-score",
    ids: ["container-security-context-user-group-id"],
    title: "The user's number is below 10000",
    places: ["planning document", "rendered"],
    rules: ["K8-01"],
    leftOut: OWN_USER,
  },
  {
    scanner: "kube-score",
    ids: ["container-ephemeral-storage-request-and-limit"],
    title: "What a container writes on its node has no bound",
    places: ["planning document", "rendered"],
    rules: ["K8-04", "K8-14"],
    leftOut:
      "Our containers write into folders in memory alone, each with a bound, and the kubelet turns logs over: a request for storage would set aside what nobody uses.",
  },
  {
    scanner: "kube-score",
    ids: ["container-image-pull-policy"],
    title: "An image is not pulled at every start",
    places: ["rendered"],
    rules: ["IMG-01"],
    leftOut:
      "A digest is the same image wherever it comes from; a registry that is away must not keep a pod from starting.",
  },
  {
    scanner: "kube-score",
    ids: ["deployment-has-poddisruptionbudget", "deployment-has-host-podantiaffinity"],
    title: "Replicas may leave together, or share a node",
    places: ["planning document", "rendered"],
    rules: ["K8-08"],
    leftOut: "Our API spreads by topologySpreadConstraints, which K8-08 takes as well.",
  },
  {
    scanner: "kube-score",
    ids: ["deployment-replicas", "deployment-strategy"],
    title: "A Deployment has one replica, or stops before it starts",
    places: ["rendered"],
    rules: ["K8-08", "K8-12"],
    leftOut:
      "How many replicas there are is a setting; where there is one, its successor is ready before it leaves. Open WebUI's volume is for one pod at a time, so it stops first.",
  },
  {
    scanner: "kube-score",
    ids: ["pod-networkpolicy"],
    title: "No NetworkPolicy is for a pod",
    places: ["planning document"],
    rules: ["K8-09"],
  },
  {
    scanner: "kube-score",
    ids: ["pod-probes-identical"],
    title: "Readiness and liveness ask the same",
    places: ["rendered"],
    rules: ["K8-06"],
    leftOut: "Third-party software with one question for both; K8-06 refuses a liveness that asks for dependencies.",
  },
  {
    scanner: "kube-score",
    ids: ["service-type"],
    title: "A Service is a port of every node",
    places: ["rendered"],
    rules: ["K8-11"],
    leftOut: "The setting `ralex:exposure: nodePort` asks for it, and it is the edge's TLS port.",
  },
  {
    scanner: "kube-score",
    ids: ["statefulset-has-servicename"],
    title: "A StatefulSet's Service is not headless",
    places: ["rendered"],
    rules: [],
    leftOut:
      "Each has one pod, which is asked for by its Service and never by its own name; the field cannot be changed without taking the StatefulSet down.",
  },
  {
    scanner: "trivy",
    ids: ["KSV-0001", "KSV-0003", "KSV-0004", "KSV-0030", "KSV-0104", "KSV-0106"],
    title: "Privileges may be gained, capabilities are kept, seccomp is off",
    places: ["planning document"],
    rules: ["K8-02"],
  },
  {
    scanner: "trivy",
    ids: ["KSV-0012", "KSV-0118"],
    title: "A container may be root, or has no security context",
    places: ["planning document"],
    rules: ["K8-01", "K8-02"],
  },
  {
    scanner: "trivy",
    ids: ["KSV-0013"],
    title: "An image's tag is latest",
    places: ["planning document"],
    rules: ["IMG-01"],
  },
  {
    scanner: "trivy",
    ids: ["KSV-0014"],
    title: "The root file system may be written",
    places: ["planning document"],
    rules: ["K8-04"],
  },
  {
    scanner: "trivy",
    ids: ["KSV-0020", "KSV-0021"],
    title: "The user's or group's number is below 10000",
    places: ["planning document", "rendered"],
    rules: [],
    leftOut: OWN_USER,
  },
  {
    scanner: "trivy",
    ids: ["KSV-0110"],
    title: "The namespace is `default`",
    places: ["planning document", "rendered"],
    rules: ["K8-09", "K8-10"],
    leftOut: NAMESPACE_OF_RELEASE,
  },
  {
    scanner: "trivy",
    ids: ["KSV-0125"],
    title: "A registry is none that the scanner trusts",
    places: ["planning document", "rendered"],
    rules: ["IMG-02"],
    leftOut: "Its list is of clouds' registries; ours is the environment's, in policy/config.",
  },
  {
    scanner: "trivy",
    ids: ["KSV-0109", "KSV-01010"],
    title: "A ConfigMap has words like secret and password",
    places: ["rendered"],
    rules: ["SEC-01"],
    leftOut: NAMES_ONLY,
  },
  {
    scanner: "trivy",
    ids: ["KSV-0113"],
    title: "A Role may make Secrets",
    places: ["rendered"],
    rules: [],
    leftOut:
      "The chart's hook makes the release's own Secret where there is none; Role, account and Job are deleted after it.",
  },
  {
    scanner: "trivy",
    ids: ["DS-0001"],
    title: "A base image's tag is latest",
    places: ["images"],
    rules: [],
    leftOut: PINNED_BASE,
  },
  {
    scanner: "trivy",
    ids: ["DS-0026"],
    title: "An image has no HEALTHCHECK",
    places: ["images"],
    rules: ["LOC-03", "K8-06"],
    leftOut:
      "The probe runs to its end. Health is part of a service's description, and so of the container, not of its image.",
  },
];
