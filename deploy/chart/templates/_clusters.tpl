{{/* The virtual clusters, each with what holds for all: JSON of {items: [...]}. Beside its settings
     an item has `own` (this chart runs its control plane), `secret` and `key` of its kubeconfig, and
     `plane`, the name of its control plane. */}}
{{- define "tohost.virtualClusters" -}}
{{- $root := . -}}
{{- $common := pick .Values "context" "weight" "workloadServiceAccount" "sync" "networking" "naming" "policies" "controlPlane" "kubeconfigSecret" -}}
{{- $single := dict "name" (default .Release.Name .Values.name) "hostNamespace" .Values.hostNamespace -}}
{{- $found := list -}}
{{- range default (list $single) .Values.virtualClusters -}}
{{- $cluster := mergeOverwrite (deepCopy $common) (deepCopy .) -}}
{{- $_ := set $cluster "hostNamespace" (default (include "tohost.hostNamespace" $cluster.name) $cluster.hostNamespace) -}}
{{- $plane := include "tohost.named" (list $root $cluster.name) -}}
{{- $own := and (not $cluster.kubeconfigSecret.name) $cluster.controlPlane.enabled -}}
{{- $key := default (printf "%s.kubeconfig" $cluster.name) $cluster.kubeconfigSecret.key -}}
{{- if not (or $own $cluster.kubeconfigSecret.name) -}}
{{- fail (printf "%s: has no control plane; write kubeconfigSecret.name, or controlPlane.enabled: true" $cluster.name) -}}
{{- end -}}
{{- if eq $cluster.hostNamespace $root.Release.Namespace -}}
{{- fail (printf "%s: its hostNamespace %q is the namespace of the release, where its pods could pose as ours; write another hostNamespace, or install with another --namespace" $cluster.name $cluster.hostNamespace) -}}
{{- end -}}
{{- $_ := set $cluster "own" $own -}}
{{- $_ := set $cluster "plane" $plane -}}
{{- $_ := set $cluster "secret" (ternary (printf "%s-kubeconfig" $plane) $cluster.kubeconfigSecret.name $own) -}}
{{- $_ := set $cluster "key" (ternary "kubeconfig" $key $own) -}}
{{- $_ := set $cluster "networking" (include "tohost.networking" (list $root $cluster) | fromJson) -}}
{{- $found = append $found $cluster -}}
{{- end -}}
{{- dict "items" $found | toJson -}}
{{- end }}

{{/* Where its objects go when nobody says it. */}}
{{- define "tohost.hostNamespace" -}}
{{- $full := printf "vc-%s" . -}}
{{- ternary $full (printf "%s-%s" (trunc 52 $full | trimSuffix "-") (sha256sum $full | trunc 10)) (le (len $full) 63) -}}
{{- end }}

{{/* Its networking, with the Services of our own control plane where nothing else is said. */}}
{{- define "tohost.networking" -}}
{{- $root := first . -}}
{{- $cluster := last . -}}
{{- $network := deepCopy $cluster.networking -}}
{{- if $cluster.own -}}
{{- if not (or $network.apiService $network.apiServiceIP) -}}
{{- $_ := set $network "apiService" (printf "%s/%s" $root.Release.Namespace $cluster.plane) -}}
{{- end -}}
{{- if and $cluster.controlPlane.dns.enabled (not (or $network.dnsService $network.dnsServiceIP)) -}}
{{- $_ := set $network "dnsService" (printf "%s/%s-dns" $root.Release.Namespace $cluster.plane) -}}
{{- end -}}
{{- end -}}
{{- toJson $network -}}
{{- end }}

{{/* tohost.yaml */}}
{{- define "tohost.config" -}}
redis:
  {{- include "tohost.redis" . | nindent 2 }}
host:
  kubeconfig: ""
logs:
  {{- toYaml .Values.logs | nindent 2 }}
health:
  port: 8080
workers:
  concurrency: {{ int .Values.worker.concurrency }}
{{- with .Values.safety }}
safety:
  {{- toYaml . | nindent 2 }}
{{- end }}
virtualClusters:
{{- range $cluster := (include "tohost.virtualClusters" . | fromJson).items }}
- name: {{ .name | quote }}
  hostNamespace: {{ .hostNamespace | quote }}
  kubeconfig: {{ printf "kubeconfigs/%s" .name | quote }}
  {{- with .context }}
  context: {{ . | quote }}
  {{- end }}
  weight: {{ int .weight }}
  workloadServiceAccount: {{ .workloadServiceAccount | quote }}
  {{- range $key := list "sync" "networking" "naming" "policies" }}
  {{- with get $cluster $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The section `redis` of tohost.yaml. */}}
{{- define "tohost.redis" -}}
{{- $redis := .Values.redis -}}
url: {{ default (printf "redis://%s:6379/0" (include "tohost.named" (list . "redis"))) $redis.url | quote }}
{{- with $redis.username }}
username: {{ . | quote }}
{{- end }}
{{- if include "tohost.redisSecret" . }}
passwordFile: redis/password
{{- end }}
{{- if $redis.url }}
{{- with $redis.sentinelUsername }}
sentinelUsername: {{ . | quote }}
{{- end }}
{{- if $redis.sentinelPasswordSecret.name }}
sentinelPasswordFile: redis/sentinel-password
{{- end }}
{{- if $redis.tls.secret }}
{{- if $redis.tls.ca }}
caFile: redis/ca.crt
{{- end }}
{{- if $redis.tls.cert }}
certFile: redis/tls.crt
keyFile: redis/tls.key
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The Secret with the password of Redis, "" for none. */}}
{{- define "tohost.redisSecret" -}}
{{- if or .Values.redis.url .Values.redis.passwordSecret.name -}}
{{- .Values.redis.passwordSecret.name -}}
{{- else -}}
{{- include "tohost.named" (list . "redis") -}}
{{- end -}}
{{- end }}

{{/* The sources of the volume with tohost.yaml and what it names. */}}
{{- define "tohost.configSources" -}}
{{- $redis := .Values.redis -}}
- configMap: {name: {{ include "tohost.fullname" . }}}
{{- with include "tohost.redisSecret" . }}
- secret:
    name: {{ . }}
    items: [{key: {{ $redis.passwordSecret.key | quote }}, path: redis/password}]
{{- end }}
{{- if $redis.url }}
{{- with $redis.sentinelPasswordSecret.name }}
- secret:
    name: {{ . }}
    items: [{key: {{ $redis.sentinelPasswordSecret.key | quote }}, path: redis/sentinel-password}]
{{- end }}
{{- with $redis.tls.secret }}
- secret:
    name: {{ . }}
    items:
    {{- with $redis.tls.ca }}
    - {key: {{ . | quote }}, path: redis/ca.crt}
    {{- end }}
    {{- if $redis.tls.cert }}
    - {key: {{ $redis.tls.cert | quote }}, path: redis/tls.crt}
    - {key: {{ $redis.tls.key | quote }}, path: redis/tls.key}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tohost.kubeconfigSources" -}}
{{- range (include "tohost.virtualClusters" . | fromJson).items }}
- secret:
    name: {{ .secret }}
    items: [{key: {{ .key | quote }}, path: {{ printf "kubeconfigs/%s" .name | quote }}}]
{{- end }}
{{- end }}
