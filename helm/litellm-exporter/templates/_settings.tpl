{{/* Settings as variables, and secrets as files. */}}

{{/* Several replicas: facts of one process have a port of their own. */}}
{{- define "litellm-exporter.hasTelemetry" -}}
{{- if gt (int .Values.replicaCount) 1 -}}true{{- end -}}
{{- end -}}

{{- define "litellm-exporter.hasRedis" -}}
{{- if or .Values.redis.url .Values.redis.existingSecret .Values.redis.urlFile .Values.redis.sentinel.addresses -}}true{{- end -}}
{{- end -}}

{{/* Whether the whole URL of the database is given, rather than its parts. */}}
{{- define "litellm-exporter.hasDatabaseUrl" -}}
{{- $database := .Values.database -}}
{{- if or $database.url $database.urlFile (and $database.existingSecret $database.existingSecretKeys.url) -}}true{{- end -}}
{{- end -}}

{{- define "litellm-exporter.metricsPath" -}}
{{- default "/metrics" .Values.config.METRICS_PATH -}}
{{- end -}}

{{/* Settings that are no secret, as lines `NAME: "value"`. */}}
{{- define "litellm-exporter.settings" -}}
{{- $database := .Values.database -}}
{{- if not (include "litellm-exporter.hasDatabaseUrl" .) }}
LITELLM_DB_HOST: {{ tpl $database.host . | quote }}
LITELLM_DB_PORT: {{ $database.port | toString | quote }}
LITELLM_DB_NAME: {{ $database.name | quote }}
LITELLM_DB_USER: {{ $database.user | quote }}
{{- end }}
LITELLM_DB_SCHEMA: {{ $database.schema | quote }}
LITELLM_DB_SSLMODE: {{ $database.sslmode | quote }}
{{- if .Values.redis.cluster }}
REDIS_CLUSTER: "true"
{{- end }}
{{- with .Values.redis.sentinel.addresses }}
REDIS_SENTINELS: {{ . | quote }}
REDIS_SENTINEL_NAME: {{ $.Values.redis.sentinel.name | quote }}
{{- end }}
{{- with .Values.redis.keyPrefix }}
REDIS_KEY_PREFIX: {{ . | quote }}
{{- end }}
METRICS_PORT: {{ .Values.port | toString | quote }}
{{- if include "litellm-exporter.hasTelemetry" . }}
TELEMETRY_PORT: {{ .Values.telemetryPort | toString | quote }}
{{- end }}
LOG_LEVEL: {{ .Values.logLevel | quote }}
LOG_FORMAT: {{ .Values.logFormat | quote }}
{{- range $name, $value := .Values.config }}
{{- /* A whole number of a values file is a float to Helm, and a million would become 1e+06. */}}
{{ $name }}: {{ if kindIs "float64" $value }}{{ if eq (floor $value) $value }}{{ printf "%.0f" $value | quote }}{{ else }}{{ $value | toString | quote }}{{ end }}{{ else }}{{ $value | toString | quote }}{{ end }}
{{- end }}
{{- end -}}

{{- define "litellm-exporter.secretsDirectory" -}}
/run/secrets/litellm-exporter
{{- end -}}

{{/* Where secrets come from: variable, file, Secret, key. A Secret of the release is named by the second argument. */}}
{{- define "litellm-exporter.secrets" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 -}}
{{- $database := $root.Values.database -}}
{{- $redis := $root.Values.redis -}}
{{- $found := list -}}
{{- if include "litellm-exporter.hasDatabaseUrl" $root -}}
{{- if $database.urlFile -}}
{{- $found = append $found (dict "variable" "DATABASE_URL_FILE" "path" $database.urlFile) -}}
{{- else if $database.existingSecret -}}
{{- $found = append $found (dict "variable" "DATABASE_URL_FILE" "file" "database-url" "secret" (tpl $database.existingSecret $root) "key" $database.existingSecretKeys.url) -}}
{{- else -}}
{{- $found = append $found (dict "variable" "DATABASE_URL_FILE" "file" "database-url" "secret" $own "key" "DATABASE_URL") -}}
{{- end -}}
{{- else if $database.passwordFile -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_PASSWORD_FILE" "path" $database.passwordFile) -}}
{{- else if and $database.existingSecret $database.existingSecretKeys.password -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_PASSWORD_FILE" "file" "database-password" "secret" (tpl $database.existingSecret $root) "key" $database.existingSecretKeys.password) -}}
{{- else if $database.password -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_PASSWORD_FILE" "file" "database-password" "secret" $own "key" "LITELLM_DB_PASSWORD") -}}
{{- end -}}
{{- if $redis.urlFile -}}
{{- $found = append $found (dict "variable" "REDIS_URL_FILE" "path" $redis.urlFile) -}}
{{- else if $redis.existingSecret -}}
{{- $found = append $found (dict "variable" "REDIS_URL_FILE" "file" "redis-url" "secret" (tpl $redis.existingSecret $root) "key" $redis.existingSecretKey) -}}
{{- else if $redis.url -}}
{{- $found = append $found (dict "variable" "REDIS_URL_FILE" "file" "redis-url" "secret" $own "key" "REDIS_URL") -}}
{{- end -}}
{{- if $redis.sentinel.existingSecret -}}
{{- $found = append $found (dict "variable" "REDIS_SENTINEL_PASSWORD_FILE" "file" "redis-sentinel-password" "secret" (tpl $redis.sentinel.existingSecret $root) "key" $redis.sentinel.existingSecretKey) -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* Certificates: variable, file, key, and the Secret or ConfigMap. */}}
{{- define "litellm-exporter.certificates" -}}
{{- $database := .Values.database.tls -}}
{{- $redis := .Values.redis.tls -}}
{{- $found := list -}}
{{- if and (or $database.existingSecret $database.existingConfigMap) $database.caKey -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_SSLROOTCERT" "file" "database-ca.pem" "key" $database.caKey "configMap" (tpl $database.existingConfigMap .) "secret" (tpl $database.existingSecret .)) -}}
{{- end -}}
{{- if and $database.existingSecret $database.certKey -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_SSLCERT" "file" "database-cert.pem" "key" $database.certKey "configMap" "" "secret" (tpl $database.existingSecret .)) -}}
{{- $found = append $found (dict "variable" "LITELLM_DB_SSLKEY" "file" "database-key.pem" "key" $database.keyKey "configMap" "" "secret" (tpl $database.existingSecret .)) -}}
{{- end -}}
{{- if and (or $redis.existingSecret $redis.existingConfigMap) $redis.caKey -}}
{{- $found = append $found (dict "variable" "REDIS_TLS_CA" "file" "redis-ca.pem" "key" $redis.caKey "configMap" (tpl $redis.existingConfigMap .) "secret" (tpl $redis.existingSecret .)) -}}
{{- end -}}
{{- if and $redis.existingSecret $redis.certKey -}}
{{- $found = append $found (dict "variable" "REDIS_TLS_CERT" "file" "redis-cert.pem" "key" $redis.certKey "configMap" "" "secret" (tpl $redis.existingSecret .)) -}}
{{- $found = append $found (dict "variable" "REDIS_TLS_KEY" "file" "redis-key.pem" "key" $redis.keyKey "configMap" "" "secret" (tpl $redis.existingSecret .)) -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* The Secret with the web configuration; nothing where there is none. */}}
{{- define "litellm-exporter.webSecret" -}}
{{- if .Values.webConfig.existingSecret -}}{{ tpl .Values.webConfig.existingSecret . }}
{{- else if .Values.webConfig.content -}}{{ include "litellm-exporter.fullname" . }}-web
{{- end -}}
{{- end -}}

{{/* "true" where the endpoints speak TLS. */}}
{{- define "litellm-exporter.webTls" -}}
{{- if or .Values.webConfig.tls (dig "tls_server_config" "cert_file" "" .Values.webConfig.content) -}}true{{- end -}}
{{- end -}}

{{/* Variables that name the files: (list $ own-secret). */}}
{{- define "litellm-exporter.fileVariables" -}}
{{- $root := index . 0 -}}
{{- $directory := include "litellm-exporter.secretsDirectory" $root -}}
{{- range concat (include "litellm-exporter.secrets" . | fromYamlArray) (include "litellm-exporter.certificates" $root | fromYamlArray) }}
- name: {{ .variable }}
  value: {{ default (printf "%s/%s" $directory .file) .path | quote }}
{{- end }}
{{- end -}}

{{/* What the files' volume is projected from: (list $ own-secret). */}}
{{- define "litellm-exporter.fileSources" -}}
{{- range concat (include "litellm-exporter.secrets" . | fromYamlArray) (include "litellm-exporter.certificates" (index . 0) | fromYamlArray) }}
{{- if .file }}
- {{ if .configMap }}configMap{{ else }}secret{{ end }}:
    name: {{ default .secret .configMap }}
    items:
      - key: {{ .key }}
        path: {{ .file }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Variables of the user's: a list, or a map of names and values. */}}
{{- define "litellm-exporter.extraEnv" -}}
{{- if kindIs "map" .Values.extraEnv }}
{{- range $name, $value := .Values.extraEnv }}
- name: {{ $name }}
  value: {{ tpl (toString $value) $ | quote }}
{{- end }}
{{- else if .Values.extraEnv }}
{{ tpl (toYaml .Values.extraEnv) . }}
{{- end }}
{{- end -}}

{{/* The Secret with what was given as a value; nothing where nothing was. (dict "root" $ "name" … "annotations" …) */}}
{{- define "litellm-exporter.ownSecret" -}}
{{- $data := dict -}}
{{- range include "litellm-exporter.secrets" (list .root .name) | fromYamlArray -}}
{{- if eq (default "" .secret) $.name -}}
{{- $value := get (dict "DATABASE_URL" $.root.Values.database.url "LITELLM_DB_PASSWORD" $.root.Values.database.password "REDIS_URL" $.root.Values.redis.url) .key -}}
{{- if $value -}}{{- $_ := set $data .key $value -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $data -}}
apiVersion: v1
kind: Secret
metadata:
  name: {{ .name }}
  namespace: {{ include "litellm-exporter.namespace" .root }}
  labels:
    {{- include "litellm-exporter.labels" .root | nindent 4 }}
  {{- with include "litellm-exporter.annotations" (list .root .annotations) }}{{ . | trim | nindent 2 }}{{ end }}
type: Opaque
stringData:
  {{- range $key, $value := $data }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end -}}
{{- end -}}
