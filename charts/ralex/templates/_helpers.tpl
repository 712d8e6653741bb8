{{/* An image by its digest, which has to be given. */}}
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
{{- .Values.existingSecret | default "ralex" -}}
{{- end -}}

{{/* The one address of the stack. */}}
{{- define "ralex.address" -}}
https://{{ .Values.hostName }}
{{- if (eq .Values.exposure "none") }}:8443{{ end }}
{{- if (eq .Values.exposure "nodePort") }}:{{ int .Values.nodePort }}{{ end }}
{{- end -}}

{{/* Another content is another pod: a hash over files of the chart. */}}
{{- define "ralex.filesHash" -}}
{{- $root := first . -}}
{{- $texts := list -}}
{{- range rest . -}}
{{- $texts = append $texts (include (print $root.Template.BasePath "/" .) $root) -}}
{{- end -}}
{{- join "\n" $texts | sha256sum -}}
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
{{- fail (printf "%d problem(s) in the values:\n  %s" (len $problems) (join "\n  " $problems)) -}}
{{- end -}}
{{- end -}}
