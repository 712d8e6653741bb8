/** What the chart's templates share, and what they tell people. */
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import { loadSettings } from "../../../components/settings/load";
import { DEFAULT_SECRET } from "../names";
import { DIMENSIONS, NODE_PORT, TOKEN } from "./values";

/** What follows the host name in the stack's address, for each way in. */
function portTemplate(): string {
  const ways = DIMENSIONS.find(({ name }) => name === "exposure")?.options ?? [];
  const ports = ways.flatMap(({ when, settings }) => {
    const stack = { target: "kubernetes", kubeContext: "none", hostName: TOKEN.host, ...settings };
    const [address = ""] = kubernetesPlacement(loadSettings({ environment: {}, dotenv: {}, stack })).urls.tls;
    const behind = address.slice(address.indexOf(TOKEN.host) + TOKEN.host.length);
    const port = behind.replace(String(NODE_PORT), "{{ int .Values.nodePort }}");
    return port === "" ? [] : [`{{- if ${when} }}${port}{{ end }}`];
  });
  return ports.join("\n");
}

/** `templates/_helpers.tpl`. */
export const helpers = (): string => `{{/* An image by its digest, which has to be given. */}}
{{- define "ralex.image" -}}
{{- $name := index . 1 -}}
{{- $image := index (index . 0).Values.images $name -}}
{{- $how := printf "is a required value: ./ralex render helm-values -s <stack> prints those of a release" -}}
{{- required (printf "images.%s.repository %s" $name $how) $image.repository -}}
@
{{- required (printf "images.%s.digest %s" $name $how) $image.digest -}}
{{- end -}}

{{/* The Secret that the pods' files are composed from. */}}
{{- define "ralex.secret" -}}
{{- .Values.existingSecret | default "${DEFAULT_SECRET}" -}}
{{- end -}}

{{/* The one address of the stack. */}}
{{- define "ralex.address" -}}
https://{{ .Values.hostName }}
${portTemplate()}
{{- end -}}

{{/* Another content is another pod: a hash over files of the chart. */}}
{{- define "ralex.filesHash" -}}
{{- $root := first . -}}
{{- $texts := list -}}
{{- range rest . -}}
{{- $texts = append $texts (include (print $root.Template.BasePath "/" .) $root) -}}
{{- end -}}
{{- join "\\n" $texts | sha256sum -}}
{{- end -}}

{{/* The same for files with secrets, whose values nobody knows here: secretRevision stands for them. */}}
{{- define "ralex.composedHash" -}}
{{- $root := first . -}}
{{- print $root.Values.secretRevision (include "ralex.filesHash" (append . "configmap-composer.yaml")) | sha256sum -}}
{{- end -}}

{{/* What a schema cannot say, all at once. */}}
{{- define "ralex.validate" -}}
{{- $problems := list -}}
{{- if and .Values.upstreamKey (not .Values.upstreamUrl) -}}
{{- $problems = append $problems "upstreamKey needs upstreamUrl: say whose key it is" -}}
{{- end -}}
{{- range tuple "ingressClass" "ingressAnnotations" "tlsSecret" -}}
{{- if and (get $.Values .) (ne $.Values.exposure "ingress") -}}
{{- $problems = append $problems (printf "%s has no effect unless exposure is ingress" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.gateway (ne .Values.exposure "gateway") -}}
{{- $problems = append $problems "gateway has no effect unless exposure is gateway" -}}
{{- end -}}
{{- if and (not .Values.gateway) (eq .Values.exposure "gateway") -}}
{{- $problems = append $problems "gateway is needed with exposure gateway: <namespace>/<Gateway>/<listener>" -}}
{{- end -}}
{{- if and (regexMatch "^[0-9.]+$" .Values.hostName) (has .Values.exposure (list "ingress" "gateway")) -}}
{{- $problems = append $problems (printf "hostName must be a name with exposure %s" .Values.exposure) -}}
{{- end -}}
{{- if and .Values.apiMaxReplicas (lt (int .Values.apiMaxReplicas) (int .Values.apiReplicas)) -}}
{{- $problems = append $problems "apiMaxReplicas is less than apiReplicas, which is where scaling starts" -}}
{{- end -}}
{{- if eq .Values.size "edge" -}}
{{- if eq .Values.monitoring "own" -}}
{{- $problems = append $problems "monitoring own does not fit into size edge: set it to none, or size to small" -}}
{{- end -}}
{{- if gt (int .Values.apiReplicas) 1 -}}
{{- $problems = append $problems "apiReplicas is 1 in size edge: set it to 1, or size to small" -}}
{{- end -}}
{{- if gt (int .Values.apiMaxReplicas) 1 -}}
{{- $problems = append $problems "apiMaxReplicas scales nothing in size edge: set it to 0, or size to small" -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "%d problem(s) in the values:\\n  %s" (len $problems) (join "\\n  " $problems)) -}}
{{- end -}}
{{- end -}}
`;

/** `templates/NOTES.txt`. */
export const notes =
  (): string => `Ralex is starting: jobs make the databases and their tables, and are tried again until Postgres is there.

  Open WebUI   {{ include "ralex.address" . }}
  API          {{ include "ralex.address" . }}/v1
{{- if eq .Values.exposure "none" }}

It is not reached from outside. A way in for this machine, with {{ .Values.hostName }} in /etc/hosts for 127.0.0.1:

  kubectl --namespace {{ .Release.Namespace }} port-forward service/edge 8443:tls
{{- end }}

Secrets are in Secret {{ include "ralex.secret" . }}: adminPassword is that of {{ .Values.adminEmail }}, apiKey that of the API's
clients, tlsCaCertificate what they trust.

  kubectl --namespace {{ .Release.Namespace }} get secret {{ include "ralex.secret" . }} --output jsonpath='{.data.adminPassword}' | base64 --decode

After a change of it: helm upgrade with another secretRevision, which makes every pod anew that reads it.
Check the deployment: helm test {{ .Release.Name }} --namespace {{ .Release.Namespace }} --logs
`;
