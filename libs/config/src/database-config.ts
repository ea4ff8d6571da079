import type { DatabaseConfig, PemFile, SslConfig } from './config.js';
import { type DatabaseUrl, DatabaseUrlError, parseDatabaseUrl } from './database-url.js';
import { type Environment, type ReadFile, reasonOf, sourceOf } from './environment.js';
import type { Findings } from './findings.js';
import { fileTwinOf, type SettingName, type SettingValues } from './settings.js';

/** What stands in DATABASE_URL, and therefore must not stand beside it. */
const INSTEAD_OF_URL = [
  'LITELLM_DB_HOST',
  'LITELLM_DB_PORT',
  'LITELLM_DB_NAME',
  'LITELLM_DB_USER',
  'LITELLM_DB_PASSWORD',
] as const;

/** What a part of the config is made from. */
export interface Sources {
  readonly values: SettingValues;
  /** True for a variable that is set, by itself or through its `_FILE` twin. */
  readonly isSet: (name: SettingName) => boolean;
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly findings: Findings;
}

/** The way to the database, out of DATABASE_URL or LITELLM_DB_*. Problems go to the findings. */
export function databaseConfigOf(sources: Sources): DatabaseConfig {
  const { values, findings } = sources;
  const url = urlOf(sources);
  const poolMin = values.DB_MIN_CONNECTIONS ?? 1;
  const poolMax = values.DB_MAX_CONNECTIONS ?? 10;
  if (poolMin > poolMax) {
    findings.problems.push(`DB_MAX_CONNECTIONS: got ${poolMax}, expected at least DB_MIN_CONNECTIONS (${poolMin})`);
  }
  return {
    host: url?.host ?? values.LITELLM_DB_HOST ?? 'localhost',
    port: url?.port ?? values.LITELLM_DB_PORT ?? 5432,
    name: url?.name ?? values.LITELLM_DB_NAME ?? 'litellm',
    user: url?.user ?? values.LITELLM_DB_USER ?? 'postgres',
    password: url === null ? values.LITELLM_DB_PASSWORD : url.password,
    schema: agreed(sources, 'LITELLM_DB_SCHEMA', '?schema=', url?.schema) ?? 'public',
    ssl: sslOf(sources, url),
    poolMin,
    poolMax,
  };
}

function urlOf(sources: Sources): DatabaseUrl | null {
  const { values, findings, env, isSet } = sources;
  if (!isSet('DATABASE_URL')) return null;
  const source = sourceOf('DATABASE_URL', env);
  const beside = INSTEAD_OF_URL.filter((name) => isMentioned(name, env)).map((name) => sourceOf(name, env));
  if (beside.length > 0) {
    findings.problems.push(`${source} and ${beside.join(', ')} are set: say where the database is in one way only`);
  }
  if (values.DATABASE_URL === null) return null;
  try {
    const url = parseDatabaseUrl(values.DATABASE_URL);
    findings.warnings.push(...url.warnings.map((warning) => `${source}: ${warning}`));
    return url;
  } catch (error) {
    if (!(error instanceof DatabaseUrlError)) throw error;
    findings.problems.push(`${source}: ${error.message}; expected postgresql://user:password@host:port/database`);
    return null;
  }
}

/** Kubernetes sets LITELLM_DB_PORT for a Service named `litellm-db`: that says nothing. */
function isMentioned(name: (typeof INSTEAD_OF_URL)[number], env: Environment): boolean {
  const twin = fileTwinOf(name);
  const text = env[name] ?? '';
  return (text !== '' && !/^(tcp|udp|sctp):\/\//.test(text)) || (twin !== null && (env[twin] ?? '') !== '');
}

type AgreeableName = 'LITELLM_DB_SCHEMA' | 'LITELLM_DB_SSLMODE' | 'LITELLM_DB_SSLROOTCERT';

/** What variable and URL say together: two different answers are a problem. */
function agreed<Name extends AgreeableName>(
  sources: Sources,
  name: Name,
  part: string,
  inUrl: SettingValues[Name] | undefined,
): SettingValues[Name] {
  const { isSet, values, findings } = sources;
  if (inUrl === null || inUrl === undefined) return values[name];
  if (isSet(name) && values[name] !== null && values[name] !== inUrl) {
    findings.problems.push(`${name} and ${part} in DATABASE_URL differ: keep one of them`);
  }
  return inUrl;
}

function sslOf(sources: Sources, url: DatabaseUrl | null): SslConfig {
  const { values, findings } = sources;
  const rootCert = agreed(sources, 'LITELLM_DB_SSLROOTCERT', 'sslrootcert', url?.sslRootCert);
  const cert = values.LITELLM_DB_SSLCERT ?? url?.sslCert ?? null;
  const key = values.LITELLM_DB_SSLKEY ?? url?.sslKey ?? null;
  if ((cert === null) !== (key === null)) {
    findings.problems.push('LITELLM_DB_SSLCERT and LITELLM_DB_SSLKEY belong together: one of them is missing');
  }
  return {
    mode: agreed(sources, 'LITELLM_DB_SSLMODE', 'sslmode', url?.sslMode) ?? 'prefer',
    rootCert: pemFileOf(sources, 'LITELLM_DB_SSLROOTCERT', rootCert),
    cert: pemFileOf(sources, 'LITELLM_DB_SSLCERT', cert),
    key: pemFileOf(sources, 'LITELLM_DB_SSLKEY', key),
  };
}

/** Reads a PEM file; null where none is asked for, and after a problem. */
export function pemFileOf(sources: Sources, name: SettingName, path: string | null): PemFile | null {
  if (path === null) return null;
  const { env, findings, readFile } = sources;
  // A path that came out of DATABASE_URL is not repeated: nothing of that URL ever is.
  const shown =
    (env[name] ?? '') === ''
      ? `the file that DATABASE_URL names for ${name}`
      : `${name}: the file ${findings.quote(path)}`;
  try {
    const pem = readFile(path);
    if (pem.includes('-----BEGIN ')) return { path, pem };
    findings.problems.push(`${shown} is not a PEM file`);
  } catch (error) {
    findings.problems.push(`${shown} can't be read (${reasonOf(error)})`);
  }
  return null;
}
