{{/* Values that are valid each by itself and unsafe together: said in sentences, which a schema can't, and all at once. */}}
{{- define "litellm-exporter.refusals" -}}
{{- $refusals := list -}}
{{- $remedy := "set redis.url, redis.urlFile, redis.existingSecret or redis.sentinel.addresses" -}}
{{- if not (include "litellm-exporter.hasRedis" .) -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- $refusals = append $refusals (printf "replicaCount is %d without Redis, in which several replicas share their state: %s, or leave replicaCount at 1" (int .Values.replicaCount) $remedy) -}}
{{- end -}}
{{- if eq (toString .Values.strategy.type) "RollingUpdate" -}}
{{- $refusals = append $refusals (printf "strategy.type is RollingUpdate, which has two pods at once, without Redis, in which they share their state: %s, or leave strategy out" $remedy) -}}
{{- end -}}
{{- end -}}
{{- $monitors := list -}}
{{- range $kind := list "serviceMonitor" "podMonitor" "scrapeConfig" -}}
{{- if (index $.Values $kind).enabled -}}{{- $monitors = append $monitors $kind -}}{{- end -}}
{{- end -}}
{{- if gt (len $monitors) 1 -}}
{{- $refusals = append $refusals (printf "%s are enabled together, and everything would be scraped twice: enable one of them" (join " and " $monitors)) -}}
{{- end -}}
{{- if $refusals -}}{{- fail (join "; " $refusals) -}}{{- end -}}
{{- end -}}
