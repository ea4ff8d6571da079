import { SSL_MODES } from './database-settings.js';
import { host as hostForm, identifier, port as portForm } from './forms.js';

/** What a connection URL says; null where it is silent. */
export interface DatabaseUrl {
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly name: string | null;
  readonly schema: string | null;
  readonly sslMode: (typeof SSL_MODES)[number] | null;
  readonly sslRootCert: string | null;
  readonly sslCert: string | null;
  readonly sslKey: string | null;
  /** Parameters that are left out and whose loss may matter to somebody. */
  readonly warnings: readonly string[];
}

/**
 * Why a URL can't be used. No message holds any part of the URL: where a password has been written without encoding,
 * every part of it may be a part of the password.
 */
export class DatabaseUrlError extends Error {}

const SHAPE = /^postgres(?:ql)?:\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;
/** Prisma's own, and those of libpq that make no difference here. */
const IGNORED = new Set([
  'connection_limit',
  'pool_timeout',
  'socket_timeout',
  'max_idle_connection_lifetime',
  'single_use_connections',
  'statement_cache_size',
  'connect_timeout',
  'application_name',
  'fallback_application_name',
  'target_session_attrs',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'gssencmode',
  'client_encoding',
]);
const USED = new Set([
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'schema',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
]);
/** Safe to name in a warning. */
const NAMEABLE = new Set(['options', 'channel_binding', 'sslcrl', 'sslidentity', 'sslpassword', 'passfile', 'service']);
const PERCENT_ENCODE = 'reserved characters in user and password have to be percent-encoded (@ is %40, / is %2F)';

/** Reads a connection URL as libpq and Prisma write it. @throws DatabaseUrlError that says what is wrong. */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  const match = SHAPE.exec(url);
  if (match === null) throw new DatabaseUrlError('it has to begin with postgresql://');
  const [, authority = '', path = '', query = ''] = match;
  if (/[/@]/.test(path) || query.includes('@')) throw new DatabaseUrlError(PERCENT_ENCODE);
  const at = authority.lastIndexOf('@');
  const [user, password] = credentialsOf(at < 0 ? '' : authority.slice(0, at));
  const [host, port] = addressOf(authority.slice(at + 1));
  const parameters = parametersOf(query);
  const taken = (name: string): string | null => parameters.values.get(name) || null;
  return {
    host: check('host', taken('host') ?? host, hostForm),
    port: check('port', taken('port') ?? port, portForm),
    user: check('user', taken('user') ?? user, identifier),
    password: taken('password') ?? password,
    name: check('database name', taken('dbname') ?? (decode(path) || null), identifier),
    schema: check('schema', taken('schema'), identifier),
    ...sslOf(taken, parameters.warnings),
    warnings: parameters.warnings,
  };
}

function credentialsOf(text: string): readonly [string | null, string | null] {
  const colon = text.indexOf(':');
  const user = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? '' : decode(text.slice(colon + 1));
  return [user || null, password || null];
}

function addressOf(text: string): readonly [string | null, string | null] {
  if (text.includes(',')) throw new DatabaseUrlError('it names several hosts, and replication needs one');
  const match = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]*)(?::(.*))?$/.exec(text);
  if (match === null) throw new DatabaseUrlError(`its host can't be read; ${PERCENT_ENCODE}`);
  const host = decode((match[1] ?? '').replace(/^\[|\]$/g, ''));
  return [host || null, match[2] || null];
}

function parametersOf(query: string): { values: Map<string, string>; warnings: string[] } {
  const values = new Map<string, string>();
  const warnings: string[] = [];
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (name === '' || IGNORED.has(name)) continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (USED.has(name)) values.set(name, value);
    else if (name === 'pgbouncer') {
      if (value === 'true') warnings.push('pgbouncer=true: replication has to reach the server itself, not a pooler');
    } else if (name === 'sslaccept') {
      if (value === 'strict') warnings.push('sslaccept=strict is left out; set LITELLM_DB_SSLMODE=verify-full');
    } else
      warnings.push(`${NAMEABLE.has(name) ? `its parameter ${name}` : 'a parameter that is not known'} is left out`);
  }
  return { values, warnings };
}

type Ssl = Pick<DatabaseUrl, 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'>;

function sslOf(taken: (name: string) => string | null, warnings: string[]): Ssl {
  const given = taken('sslmode');
  const sslMode = given === null ? null : (SSL_MODES.find((mode) => mode === given) ?? undefined);
  if (sslMode === undefined) throw new DatabaseUrlError(`its sslmode has to be one of ${SSL_MODES.join(', ')}`);
  const sslKey = taken('sslkey');
  const sslCert = taken('sslcert');
  if (sslCert !== null && sslKey === null) {
    warnings.push('its sslcert (to Prisma a file of authorities) is left out; set LITELLM_DB_SSLROOTCERT');
  }
  return { sslMode, sslRootCert: taken('sslrootcert'), sslCert: sslKey === null ? null : sslCert, sslKey };
}

function check<T>(
  part: string,
  text: string | null,
  form: { safeParse(text: string): { success: boolean; data?: T } },
): T | null {
  if (text === null) return null;
  const result = form.safeParse(text);
  if (result.success) return result.data as T;
  throw new DatabaseUrlError(`its ${part} can't be read; ${PERCENT_ENCODE}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError('it has a % that is not followed by two hexadecimal digits of UTF-8 (% is %25)');
  }
}
