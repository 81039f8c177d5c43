{{/* What one virtual cluster needs, added up from files/rbac.yaml: (list $ $cluster). JSON of rules by
     place: `watcher` and `worker` in its host namespace, `watcherWide` and `workerWide` on all of
     the host, `virtual` in the virtual cluster itself. */}}
{{- define "tohost.rights" -}}
{{- $root := first . -}}
{{- $cluster := last . -}}
{{- $table := $root.Files.Get "files/rbac.yaml" | fromYaml -}}
{{- $toHost := dig "toHost" (dict) $cluster.sync -}}
{{- $parts := list $table.always -}}
{{- if ne (dig "fromHost" "events" "enabled" true $cluster.sync | toString) "false" -}}
{{- $parts = append $parts $table.events -}}
{{- end -}}
{{- range $option, $kind := $table.kinds -}}
{{- if dig $option "enabled" $kind.default $toHost -}}
{{- $parts = append $parts $kind.on -}}
{{- else if dig $option "cleanupOnDisable" false $toHost -}}
{{- $parts = append $parts $kind.draining -}}
{{- end -}}
{{- end -}}
{{- range $name, $custom := dig "customResources" (dict) $toHost -}}
{{- $parts = append $parts (include "tohost.customRights" (list $table.customResource $name $custom) | fromJson) -}}
{{- end -}}
{{- $wide := dig "namespaces" "enabled" false $toHost -}}
{{- $found := dict "watcher" (list) "watcherWide" (list) "worker" (list) "workerWide" (list) "virtual" (list) -}}
{{- range $part := $parts -}}
{{- range $place, $rules := $part -}}
{{- $where := ternary (printf "%sWide" $place) $place (and $wide (has $place (list "watcher" "worker"))) -}}
{{- $_ := set $found $where (concat (get $found $where) (default (list) $rules)) -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end }}

{{/* Of one custom resource: (list $entry "widgets.example.com/v1" $settings). */}}
{{- define "tohost.customRights" -}}
{{- $entry := index . 0 -}}
{{- $plural := index . 1 | splitList "/" | first -}}
{{- $custom := index . 2 -}}
{{- $resource := $plural | splitList "." | first -}}
{{- $group := trimPrefix (printf "%s." $resource) $plural -}}
{{- $rules := dict -}}
{{- if $custom.enabled -}}
{{- $rules = $entry.on -}}
{{- else if $custom.cleanupOnDisable -}}
{{- $rules = $entry.draining -}}
{{- end -}}
{{- $found := toJson $rules | replace "$resource" $resource | replace "$group" $group | fromJson -}}
{{- if eq (default "Namespaced" $custom.scope) "Cluster" -}}
{{- range $account := list "watcher" "worker" -}}
{{- $place := printf "%sWide" $account -}}
{{- $_ := set $found $place (concat (get $found $place | default (list)) (get $found $account | default (list))) -}}
{{- $_ := unset $found $account -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end }}

{{/* A Role and its binding: (dict "root" $ "account" "watcher" "name" "n" "namespace" "h" "rules" $rules);
     without a namespace for all of the host. */}}
{{- define "tohost.granted" -}}
{{- $kind := ternary "Role" "ClusterRole" (ne .namespace "") -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "tohost.labels" (list .root .account) | nindent 4 }}
rules:
{{- range .rules | uniq }}
- {{ toJson . }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "tohost.labels" (list .root .account) | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ $kind }}, name: {{ .name }}}
subjects:
- kind: ServiceAccount
  name: {{ include "tohost.named" (list .root .account) }}
  namespace: {{ .root.Release.Namespace }}
{{ end }}
