{{/* What the three monitors have in common. */}}

{{- define "litellm-exporter.jobName" -}}
{{- default (include "litellm-exporter.fullname" .) .Values.monitoring.jobName -}}
{{- end -}}

{{/* Metadata of an object of the Prometheus operator: (list $ values-of-it name). */}}
{{- define "litellm-exporter.monitorMetadata" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
name: {{ index . 2 }}
namespace: {{ default (include "litellm-exporter.namespace" $root) $values.namespace }}
labels:
  {{- include "litellm-exporter.labels" $root | nindent 2 }}
  {{- with $values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- include "litellm-exporter.annotations" (list $root $values.annotations) }}
{{- end -}}

{{/* How it is scraped, but for times and limits, which have other names in each: (list $ values-of-the-monitor). */}}
{{- define "litellm-exporter.scrape" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
honorLabels: {{ $values.honorLabels }}
{{- range $key := list "tlsConfig" "basicAuth" "authorization" }}
{{- with get $values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
relabelings:
  # The alerts select this job.
  - targetLabel: job
    replacement: {{ include "litellm-exporter.jobName" $root }}
  {{- with $values.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "litellm-exporter.scrapeLimits" -}}
{{- range $key := list "sampleLimit" "targetLimit" "labelLimit" "labelNameLengthLimit" "labelValueLengthLimit" }}
{{- with get $ $key }}
{{ $key }}: {{ int64 . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Endpoints of a ServiceMonitor or PodMonitor: (list $ values-of-the-monitor). */}}
{{- define "litellm-exporter.endpoints" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
{{- range $port := ternary (list "http-metrics" "telemetry") (list "http-metrics") (eq (include "litellm-exporter.hasTelemetry" $root) "true") }}
- port: {{ $port }}
  path: {{ include "litellm-exporter.metricsPath" $root }}
  scheme: {{ ternary "https" "http" (eq (include "litellm-exporter.webTls" $root) "true") }}
  {{- with $values.interval }}
  interval: {{ . }}
  {{- end }}
  {{- with $values.scrapeTimeout }}
  scrapeTimeout: {{ . }}
  {{- end }}
  {{- include "litellm-exporter.scrape" (list $root $values) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What both ScrapeConfigs have in common: (list $ values-of-it). */}}
{{- define "litellm-exporter.scrapeConfigSpec" -}}
{{- $root := index . 0 -}}
{{- $values := index . 1 -}}
metricsPath: {{ include "litellm-exporter.metricsPath" $root }}
scheme: {{ ternary "HTTPS" "HTTP" (eq (include "litellm-exporter.webTls" $root) "true") }}
{{- with $values.interval }}
scrapeInterval: {{ . }}
{{- end }}
{{- with $values.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- include "litellm-exporter.scrapeLimits" $values }}
{{ include "litellm-exporter.scrape" . }}
{{- end -}}
