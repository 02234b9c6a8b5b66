{{/* The name of every object: <release>-server. A StatefulSet's pods get labels that are 11 characters longer. */}}
{{- define "sluice.server.fullname" -}}
{{- printf "%s-server" (.Release.Name | trunc 44 | trimSuffix "-") -}}
{{- end }}

{{/* What pods are found by; must never change between versions. */}}
{{- define "sluice.server.selectorLabels" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: server
{{- end }}

{{- define "sluice.server.labels" -}}
{{ include "sluice.server.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sluice.server.image" -}}
{{- $registry := .Values.image.registry | default ((.Values.global).imageRegistry) -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}
