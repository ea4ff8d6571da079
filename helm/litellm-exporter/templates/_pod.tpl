{{/* Parts of the pod. */}}

{{/* A probe, over HTTPS where TLS is on: (list $ "livenessProbe"). Nothing where it is empty. */}}
{{- define "litellm-exporter.probe" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $probe := deepCopy (get $root.Values $name) -}}
{{- if and $probe (include "litellm-exporter.webTls" $root) $probe.httpGet -}}
{{- $_ := set $probe "httpGet" (mergeOverwrite (dict "scheme" "HTTPS") $probe.httpGet) -}}
{{- end -}}
{{- with $probe }}
{{ $name }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where the pods run. */}}
{{- define "litellm-exporter.scheduling" -}}
{{- range $key := list "priorityClassName" "runtimeClassName" "schedulerName" "dnsPolicy" }}
{{- with get $.Values $key }}
{{ $key }}: {{ . }}
{{- end }}
{{- end }}
{{- range $key := list "dnsConfig" "hostAliases" "nodeSelector" "tolerations" }}
{{- with get $.Values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- tpl (kindIs "string" . | ternary . (toYaml .)) $ | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $selector := dict "labelSelector" (dict "matchLabels" (include "litellm-exporter.selectorLabels" $ | fromYaml)) }}
  {{- toYaml (list (merge (deepCopy .) $selector)) | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}
