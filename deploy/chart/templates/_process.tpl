{{/* The Deployment of watchers or workers: (list $ "watcher"). */}}
{{- define "tohost.deployment" -}}
{{- $root := first . -}}
{{- $name := last . -}}
{{- $process := get $root.Values $name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "tohost.named" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "tohost.labels" . | nindent 4 }}
spec:
  {{- if not (include "tohost.scaled" .) }}
  replicas: {{ $process.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "tohost.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "tohost.labels" . | nindent 8 }}
        {{- with $process.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ $name }}
        # Processes read their configuration once, at start.
        checksum/config: {{ include "tohost.config" $root | sha256sum }}
        {{- with $process.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "tohost.named" . }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: 20
      {{- with $process.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- include "tohost.podSecurity" $root | nindent 8 }}
      containers:
      - name: {{ $name }}
        image: {{ include "tohost.image" $root | quote }}
        imagePullPolicy: {{ $root.Values.image.pullPolicy }}
        command: [tohost]
        args: [{{ $name }}, --config, /etc/tohost/tohost.yaml]
        {{- with $process.env }}
        env:
          {{- toYaml . | nindent 10 }}
        {{- end }}
        ports:
        - name: http
          containerPort: 8080
        livenessProbe:
          httpGet: {path: /healthz, port: http}
          periodSeconds: 10
          timeoutSeconds: 5
          failureThreshold: 3
        readinessProbe:
          httpGet: {path: /readyz, port: http}
          periodSeconds: 5
          timeoutSeconds: 5
        resources:
          {{- toYaml $process.resources | nindent 10 }}
        securityContext:
          {{- include "tohost.containerSecurity" $root | nindent 10 }}
        volumeMounts:
        - name: config
          mountPath: /etc/tohost
          readOnly: true
      volumes:
      - name: config
        projected:
          defaultMode: 0440
          sources:
          {{- include "tohost.configSources" $root | nindent 10 }}
          {{- include "tohost.kubeconfigSources" $root | nindent 10 }}
      {{- with $process.topologySpread }}
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: {{ .topologyKey }}
        whenUnsatisfiable: {{ .whenUnsatisfiable }}
        labelSelector:
          matchLabels:
            {{- include "tohost.selector" (list $root $name) | nindent 12 }}
      {{- end }}
      {{- with $process.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $process.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $process.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{/* Whether something else sets the number of replicas; "" for no. */}}
{{- define "tohost.scaled" -}}
{{- $process := get (first .).Values (last .) -}}
{{- if or $process.autoscaling.enabled (and $process.keda $process.keda.enabled) -}}true{{- end -}}
{{- end }}

{{- define "tohost.scaling" -}}
{{- $root := first . -}}
{{- $process := get $root.Values (last .) -}}
{{- if $process.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "tohost.named" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "tohost.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "tohost.named" . }}}
  minReplicas: {{ $process.autoscaling.minReplicas }}
  maxReplicas: {{ $process.autoscaling.maxReplicas }}
  metrics:
  - type: Resource
    resource:
      name: cpu
      target: {type: Utilization, averageUtilization: {{ $process.autoscaling.targetCPUPercent }}}
{{- end }}
{{- if $process.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "tohost.named" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "tohost.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ $process.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "tohost.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Its port for probes, metrics and, of watchers, the page. */}}
{{- define "tohost.service" -}}
{{- $root := first . -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "tohost.named" . }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "tohost.labels" . | nindent 4 }}
    tohost/metrics: "true"
spec:
  selector:
    {{- include "tohost.selector" . | nindent 4 }}
  ports:
  - name: http
    port: 8080
    targetPort: http
{{- end }}
