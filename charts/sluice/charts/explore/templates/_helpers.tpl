{{/* The name of every object: <release>-explore. */}}
{{- define "sluice.explore.fullname" -}}
{{- printf "%s-explore" (.Release.Name | trunc 44 | trimSuffix "-") -}}
{{- end }}

{{/* What pods are found by; must never change between versions. */}}
{{- define "sluice.explore.selectorLabels" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: explore
{{- end }}

{{- define "sluice.explore.labels" -}}
{{ include "sluice.explore.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "sluice.explore.image" -}}
{{- $registry := .Values.image.registry | default ((.Values.global).imageRegistry) -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}
