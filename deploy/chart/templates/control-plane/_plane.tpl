{{/* A kubeconfig: (dict "name" n "server" url "ca" base64 "token" base64). */}}
{{- define "tohost.kubeconfig" -}}
apiVersion: v1
kind: Config
current-context: {{ .name }}
clusters:
- name: {{ .name }}
  cluster:
    server: {{ .server }}
    certificate-authority-data: {{ .ca }}
users:
- name: {{ .name }}
  user:
    token: {{ .token | b64dec }}
contexts:
- name: {{ .name }}
  context: {cluster: {{ .name }}, user: {{ .name }}}
{{ end }}

{{/* What tohost and CoreDNS may do in the virtual cluster: (list $ $cluster). */}}
{{- define "tohost.virtualRights" -}}
{{- $rules := (include "tohost.rights" . | fromJson).virtual | uniq -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: tohost
rules:
{{- range $rules }}
- {{ toJson . }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: tohost
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tohost}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: tohost}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: tohost-dns
rules:
- apiGroups: [""]
  resources: [endpoints, services, pods, namespaces]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: tohost-dns
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tohost-dns}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: tohost-dns}
{{ end }}

{{/* The labels of a control plane's objects: (list $ $cluster). */}}
{{- define "tohost.planeLabels" -}}
{{ include "tohost.labels" (list (first .) "control-plane") }}
tohost/virtual-cluster: {{ (last .).name | quote }}
{{- end }}

{{- define "tohost.planeSelector" -}}
{{ include "tohost.selector" (list (first .) "control-plane") }}
tohost/virtual-cluster: {{ (last .).name | quote }}
{{- end }}
