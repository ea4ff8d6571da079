import { ConfigInvalid, type ExporterConfig, type LogLevel, type ReplicationConfig } from './config.js';
import { databaseConfigOf, type Sources } from './database-config.js';
import { type Environment, type ReadFile, readEnvironment, readText } from './environment.js';
import { Findings } from './findings.js';
import { LOG_LEVEL_SYNONYMS } from './metrics-settings.js';
import { redisConfigOf } from './redis-config.js';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues, settingOf } from './settings.js';

/**
 * Turns environment variables into one frozen config.
 *
 * @param readFile how `_FILE` twins and certificates are read; the file system by default.
 * @throws ConfigInvalid with every problem there is, not only the first.
 */
export function loadConfig(env: Environment, readFile: ReadFile = readText): ExporterConfig {
  const findings = new Findings();
  const texts = readEnvironment(env, readFile, findings);
  findings.secrets.push(
    ...SETTING_NAMES.filter((name) => SETTINGS[name].secret).flatMap((name) => texts.get(name) ?? []),
  );
  const values = valuesOf(texts, findings);
  const sources: Sources = { values, isSet: (name) => texts.has(name), env, readFile, findings };
  const config = configOf(sources);
  if (findings.problems.length > 0) throw new ConfigInvalid(findings.problems);
  return freeze(config);
}

function valuesOf(texts: ReadonlyMap<SettingName, string>, findings: Findings): SettingValues {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    values[name] = parsedValue(name, texts.get(name) ?? null, findings);
  }
  return values as SettingValues;
}

function parsedValue(name: SettingName, text: string | null, findings: Findings): unknown {
  const { schema, default: fallback, accepted, secret } = settingOf(name);
  const given = text ?? fallback;
  if (given === null) return null;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const shown = secret ? '' : `got ${findings.quote(given)}, `;
  findings.problems.push(`${name}: ${shown}expected ${accepted}`);
  return null;
}

function configOf(sources: Sources): ExporterConfig {
  const { values, findings } = sources;
  const database = databaseConfigOf(sources);
  const redis = redisConfigOf(sources, database.name);
  if (redis === null && (values.STATE_MAX_STALENESS ?? 0) > 0) {
    findings.warnings.push('STATE_MAX_STALENESS has no effect without REDIS_URL: state in memory can always be read');
  }
  if (redis === null && values.REPLICATION_FAILOVER === true) {
    findings.problems.push(
      'REPLICATION_FAILOVER: true needs REDIS_URL: without it the slot is a temporary one, which goes with its connection and is never copied to a standby; set REDIS_URL, or leave REPLICATION_FAILOVER unset',
    );
  }
  return {
    database,
    replication: replicationConfigOf(values, database.name),
    redis,
    http: httpConfigOf(sources),
    windows: {
      spend: values.METRICS_SPEND_WINDOW ?? 0,
      request: values.METRICS_REQUEST_WINDOW ?? 0,
      error: values.METRICS_ERROR_WINDOW ?? 0,
    },
    buckets: { duration: values.METRICS_DURATION_BUCKETS ?? [], ttft: values.METRICS_TTFT_BUCKETS ?? [] },
    tagExclude: values.METRICS_TAG_EXCLUDE,
    rowMaxAge: values.ROW_MAX_AGE ?? 0,
    disabledFamilies: values.METRICS_DISABLED ?? [],
    maxSeries: values.METRICS_MAX_SERIES_PER_METRIC ?? 0,
    updateInterval: (values.METRICS_UPDATE_INTERVAL ?? 0) * 1_000,
    stateMaxStaleness: values.STATE_MAX_STALENESS ?? 0,
    log: { level: logLevelOf(values.LOG_LEVEL ?? 'info'), format: values.LOG_FORMAT ?? 'text' },
    warnings: findings.warnings,
  };
}

function httpConfigOf({ values, findings }: Sources): ExporterConfig['http'] {
  const { METRICS_PORT: port, TELEMETRY_PORT: telemetryPort } = values;
  if (port !== null && port === telemetryPort) {
    findings.problems.push(`METRICS_PORT and TELEMETRY_PORT are both ${port}: give each a port of its own`);
  }
  return {
    host: values.METRICS_HOST,
    port: port ?? 0,
    path: values.METRICS_PATH ?? '',
    telemetryPort,
    webConfigFile: values.WEB_CONFIG_FILE,
  };
}

function replicationConfigOf(values: SettingValues, database: string): ReplicationConfig {
  return {
    plugin: values.REPLICATION_PLUGIN ?? 'auto',
    slot: values.REPLICATION_SLOT ?? defaultSlotName(database),
    publication: values.REPLICATION_PUBLICATION ?? '',
    maxRetainedBytes: values.REPLICATION_MAX_RETAINED_BYTES ?? 0,
    failover: values.REPLICATION_FAILOVER ?? false,
  };
}

/** `litellm_exporter_<database>` within PostgreSQL's rules for slot names: a-z, 0-9 and _, at most 63 of them. */
export function defaultSlotName(database: string): string {
  return `litellm_exporter_${database.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
}

function logLevelOf(text: string): LogLevel {
  const name = text.toLowerCase();
  const synonyms: Readonly<Record<string, LogLevel>> = LOG_LEVEL_SYNONYMS;
  return synonyms[name] ?? (name as LogLevel);
}

/** Freezes plain objects and arrays, all the way down. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
