/** The hook that makes the Secret before anything is installed, where nobody names one; it never changes one. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Application } from "../../../components/app/model";
import { tlsSecretOf } from "../../../components/kubernetes/composed-files";
import { document } from "../documents";
import { DEFAULT_SECRET } from "../names";
import type { ChartFiles } from "./templates";
import { CONFINEMENT } from "../../../components/kubernetes/confinement";

const NAME = "secret-maker";
const PROGRAM = "make_secret.py";
const MOUNT = "/run/ralex-maker";
const SECONDS = 300;

/** Number of any user that is not root. */
const USER = 10001;

const labels = { "app.kubernetes.io/part-of": "ralex", "app.kubernetes.io/name": NAME };

/** By weight: what the Job needs is there before it. */
const metadata = (name: string, weight: number) => ({
  name,
  labels: { ...labels, "app.kubernetes.io/instance": "{{ .Release.Name }}" },
  annotations: {
    "helm.sh/hook": "pre-install,pre-upgrade",
    "helm.sh/hook-weight": String(weight),
    "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
  },
});

/** The configuration of the program; braces are the chart's. */
function configuration({ secrets }: Application): string {
  const generated = Object.fromEntries(
    Object.entries(secrets).flatMap(([key, source]) => (source.from === "generated" ? [[key, source.length]] : [])),
  );
  return `{
  "secret": "${DEFAULT_SECRET}",
  "tlsSecret": {{ if and (eq .Values.exposure "ingress") (not .Values.tlsSecret) }}"${tlsSecretOf(DEFAULT_SECRET)}"{{ else }}null{{ end }},
  "hostName": "{{ .Values.hostName }}",
  "labels": {"app.kubernetes.io/part-of": "ralex", "app.kubernetes.io/instance": "{{ .Release.Name }}"},
  "generated": ${JSON.stringify(generated)}
}
`;
}

function objects(application: Application): readonly object[] {
  const rbac = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(NAME, -10), automountServiceAccountToken: false },
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata: metadata(NAME, -10),
      rules: [
        // What is made has no name yet that a rule could be bound to.
        { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
        {
          apiGroups: [""],
          resources: ["secrets"],
          resourceNames: [DEFAULT_SECRET, tlsSecretOf(DEFAULT_SECRET)],
          verbs: ["get"],
        },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: metadata(NAME, -9),
      roleRef: { apiGroup: rbac, kind: "Role", name: NAME },
      subjects: [{ kind: "ServiceAccount", name: NAME, namespace: "{{ .Release.Namespace }}" }],
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: metadata(NAME, -10),
      // The API server's address is not known, and nothing else is allowed to anybody in this namespace.
      spec: { podSelector: { matchLabels: labels }, policyTypes: ["Ingress", "Egress"], egress: [{}] },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata(NAME, -10),
      data: {
        [PROGRAM]: fs.readFileSync(path.join(__dirname, "../../../components/secrets/composer", PROGRAM), "utf8"),
        "configuration.json": configuration(application),
      },
    },
    { apiVersion: "batch/v1", kind: "Job", metadata: metadata(NAME, 0), spec: { ...JOB, template: template() } },
  ];
}

const JOB = { backoffLimit: 3, activeDeadlineSeconds: SECONDS };

const template = () => ({
  metadata: { labels },
  spec: {
    serviceAccountName: NAME,
    // The one pod with a token: it may read these two Secrets, and make new ones.
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    restartPolicy: "Never",
    "{{- with .Values.imagePullSecret }}": null,
    imagePullSecrets: [{ name: "{{ . }}" }],
    "{{- end }}": null,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: NAME,
        image: '{{ include "ralex.image" (list . "probe") }}',
        imagePullPolicy: "IfNotPresent",
        command: ["python3.11", "-I", `${MOUNT}/${PROGRAM}`, `${MOUNT}/configuration.json`],
        resources: { requests: { cpu: "100m", memory: "32Mi" }, limits: { cpu: "1", memory: "128Mi" } },
        securityContext: CONFINEMENT,
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMounts: [
          { name: "program", mountPath: MOUNT, readOnly: true },
          { name: "scratch", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "program", configMap: { name: NAME } },
      { name: "scratch", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
    ],
  },
});

/** Lines that are no keys, and texts that begin with braces, as templates have them. */
const asTemplate = (text: string): string =>
  text
    .replace(/^ *\? ?"?(\{\{- [^"\n]*\}\})"?\n(?: *: null\n)?/gm, "$1\n")
    .replace(/^ *"(\{\{- .*\}\})": null\n/gm, "$1\n")
    .replace(/"(\{\{ \. \}\}|\{\{ \.[A-Za-z.]+ \}\})"$/gm, "$1")
    .replace(/'(\{\{ include .*\}\})'$/gm, "$1");

/** One file for each object of the hook. */
export const hookTemplates = (application: Application): ChartFiles =>
  Object.fromEntries(
    objects(application).map((object) => {
      const { kind } = object as { readonly kind: string };
      const text = `{{- if not .Values.existingSecret }}\n${asTemplate(document(object))}{{- end }}\n`;
      return [`templates/hook-${kind.toLowerCase()}.yaml`, text];
    }),
  );
