{{- define "otelagent.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "otelagent.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "otelagent.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "otelagent.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "otelagent.selectorLabels" -}}
app.kubernetes.io/name: {{ include "otelagent.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "otelagent.labels" -}}
{{ include "otelagent.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "otelagent.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "otelagent.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "otelagent.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "otelagent.config" -}}
{{- $gateway := eq .Values.mode "gateway" }}
{{- $host := ternary "${env:MY_POD_IP}" "127.0.0.1" $gateway }}
{{- $processor := dict "detectors" .Values.detectors }}
{{- $queue := dict "storage" "file_storage" }}
{{- if $gateway }}
{{- $_ := set $processor "labels" (dict "gateway" true) }}
{{- else }}
{{- $_ := set $processor "traces" (dict "traces" 2000 "spans" 50000) }}
{{- $_ := set $queue "queue_size" 16777216 }}
{{- end }}
{{- $base := tpl (.Files.Get "files/config.yaml") (dict "host" $host "Template" .Template) | fromYaml }}
{{- if not $gateway }}
{{- $_ := set $base.extensions.file_storage "max_size_mib" 256 }}
{{- $_ := set $base.extensions.trace_store "max_size_mib" 128 }}
{{- $_ := set $base.extensions.trace_store "ring_mib" 16 }}
{{- $_ := set $base.receivers.otlp.protocols.grpc "max_recv_msg_size_mib" 16 }}
{{- end }}
{{- $_ := set $base "processors" (dict "memory_limiter" dict "agent_failures" $processor) }}
{{- if .Values.endpoint }}
{{- $_ := set $base "exporters" (dict "otlp" (dict "endpoint" .Values.endpoint "tls" .Values.tls "sending_queue" $queue)) }}
{{- else if not .Values.config.exporters }}
{{- fail "set endpoint (host:port of your Collector or backend), or name exporters under config" }}
{{- end }}
{{- mustMergeOverwrite $base (deepCopy .Values.config) | toYaml }}
{{- end }}

{{- define "otelagent.probe" -}}
httpGet:
  path: /
  port: healthcheck
{{- end }}

{{- define "otelagent.container" -}}
image: {{ include "otelagent.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: ["--config=file:/etc/otelagent/config.yaml"]
env:
  - name: MY_POD_IP
    valueFrom:
      fieldRef:
        fieldPath: status.podIP
  - name: OTEL_K8S_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  - name: OTEL_K8S_POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: OTEL_RESOURCE_ATTRIBUTES
    value: service.name={{ include "otelagent.fullname" . }},k8s.namespace.name=$(OTEL_K8S_NAMESPACE),k8s.pod.name=$(OTEL_K8S_POD_NAME)
  {{- with .Values.extraEnvs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvsFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
startupProbe:
  {{- include "otelagent.probe" . | nindent 2 }}
  periodSeconds: 1
  failureThreshold: 30
livenessProbe:
  {{- include "otelagent.probe" . | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
volumeMounts:
  - name: otelagent-config
    mountPath: /etc/otelagent
    readOnly: true
  - name: otelagent-state
    mountPath: /var/lib/otelagent
{{- end }}
