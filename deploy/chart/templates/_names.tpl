{{/* Names, labels and images. */}}

{{- define "tohost.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "tohost.fullname" -}}
{{- $name := include "tohost.name" . -}}
{{- $own := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $own .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* The full name, `-` and the rest, short enough for a StatefulSet: (list $ "rest"). */}}
{{- define "tohost.named" -}}
{{- $full := printf "%s-%s" (include "tohost.fullname" (first .)) (last .) -}}
{{- if gt (len $full) 52 -}}
{{- printf "%s-%s" (trunc 41 $full | trimSuffix "-") (sha256sum $full | trunc 10) -}}
{{- else -}}
{{- $full -}}
{{- end -}}
{{- end }}

{{/* Of objects that belong to no namespace: other releases may have our name. */}}
{{- define "tohost.wideName" -}}
{{- printf "%s-%s-%s" (first .).Release.Namespace (include "tohost.fullname" (first .)) (last .) -}}
{{- end }}

{{- define "tohost.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ include "tohost.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{- define "tohost.labels" -}}
{{- $root := first . -}}
{{ include "tohost.selector" . }}
app.kubernetes.io/part-of: tohost
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{- define "tohost.image" -}}
{{- $image := .Values.image -}}
{{- $name := printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- if $image.digest -}}{{ printf "%s@%s" $name $image.digest }}{{- else -}}{{ $name }}{{- end -}}
{{- end }}

{{- define "tohost.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tohost.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
