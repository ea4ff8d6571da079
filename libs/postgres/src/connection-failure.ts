import { ExporterFailure, type FailureFacts } from '@app/change';
import type { ServerOptions } from './options.js';

/** What an error of pg or of the socket tells about itself. */
interface ErrorFacts {
  readonly code: string;
  readonly message: string;
}

/** TLS codes of Node.js that mean "this certificate is not trusted" (Node.js manual, "X509 certificate error codes"). */
const CERTIFICATE_CODES = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The server's own words for "not now": it starts, stops, or was told to end this session. */
const SHUTDOWN_CODES = new Set(['57P01', '57P02', '57P03']);

/** True where the server ends its sessions: an administrator's command, a crash, or a start that is not over. */
export function isShutdown(error: unknown): boolean {
  return SHUTDOWN_CODES.has(factsOf(error).code);
}

/** What went wrong at connecting, as a failure with its remedy. The password is in none of the texts. */
export function connectionFailure(error: unknown, options: ServerOptions): ExporterFailure {
  if (error instanceof ExporterFailure) return error;
  const facts = factsOf(error);
  const place = options.host.startsWith('/') ? options.host : `${options.host}:${options.port}`;
  const cause = new Error(`${facts.code === '' ? '' : `${facts.code}: `}${facts.message}`);
  return new ExporterFailure({ ...explain(facts, options, place), cause });
}

function explain(facts: ErrorFacts, options: ServerOptions, place: string): FailureFacts {
  if (isCertificateTrouble(facts)) return explainTls(facts, place);
  return explainByState(facts, options, place) ?? explainUnreachable(facts, place);
}

function explainByState(facts: ErrorFacts, options: ServerOptions, place: string): FailureFacts | null {
  switch (facts.code) {
    case '28P01':
    case '28000':
      return explainAuthentication(facts, options, place);
    case '3D000':
      return {
        kind: 'database-missing',
        message: `there is no database "${options.database}" at ${place}`,
        remedy: 'name the database that LiteLLM uses: LITELLM_DB_NAME or the path of DATABASE_URL',
      };
    case '42501':
      return replicationDenied(options);
    case '53300':
      return explainCrowded(facts, place);
    case '57P01':
    case '57P02':
    case '57P03':
      return {
        kind: 'server-shutting-down',
        message: `PostgreSQL at ${place} takes no sessions now: ${facts.message}`,
      };
    case '42704':
      return {
        kind: 'server-unsupported',
        message: `PostgreSQL at ${place} does not know a setting of this exporter's sessions: ${facts.message}`,
        remedy: 'use PostgreSQL 14 or later',
        section: '#version',
      };
    case '08P01':
      return poolerInBetween(`${place} refuses the session's settings: ${facts.message}`);
    default:
      return null;
  }
}

/** The failure for a connection pooler between us and the server. */
export function poolerInBetween(evidence: string): FailureFacts {
  return {
    kind: 'server-unsupported',
    message: `a connection pooler seems to stand in between: ${evidence}`,
    remedy:
      'name the PostgreSQL server itself (or the unpooled host of your provider): locks, snapshots and replication belong to one session',
    section: '#role',
  };
}

/** The failure for a role without REPLICATION. */
export function replicationDenied(options: Pick<ServerOptions, 'user'>): FailureFacts {
  return {
    kind: 'privilege-missing',
    message: `role "${options.user}" may not start replication`,
    remedy: `ALTER ROLE "${options.user.replaceAll('"', '""')}" REPLICATION; (Amazon RDS: GRANT rds_replication TO it)`,
    section: '#role',
  };
}

function explainAuthentication(facts: ErrorFacts, options: ServerOptions, place: string): FailureFacts {
  const denied = facts.message.includes('pg_hba.conf');
  return {
    kind: 'authentication-failed',
    message: `PostgreSQL at ${place} does not let "${options.user}" in: ${facts.message}`,
    remedy: denied
      ? `add a line to pg_hba.conf for database "${options.database}", user "${options.user}" and this address, then SELECT pg_reload_conf();`
      : 'check user and password: LITELLM_DB_USER and LITELLM_DB_PASSWORD, or DATABASE_URL',
    section: '#role',
  };
}

function explainCrowded(facts: ErrorFacts, place: string): FailureFacts {
  if (!/wal_?senders|standby connections/i.test(facts.message)) {
    return {
      kind: 'connection-refused',
      message: `PostgreSQL at ${place} has no connection left: ${facts.message}`,
      remedy: 'raise max_connections, or the CONNECTION LIMIT of the role or database; this exporter needs 3',
    };
  }
  return {
    kind: 'slots-exhausted',
    message: `PostgreSQL at ${place} has no walsender left: ${facts.message}`,
    remedy: `ALTER SYSTEM SET max_wal_senders = 20; and restart PostgreSQL`,
    section: '#slots',
  };
}

function explainTls(facts: ErrorFacts, place: string): FailureFacts {
  const unsupported = facts.message.includes('does not support SSL');
  return {
    // A handshake can also break because the server goes down: only a plain "no" waits for somebody to change settings.
    kind: unsupported ? 'tls-refused' : 'connection-refused',
    message: `no TLS connection to PostgreSQL at ${place}: ${facts.message}`,
    remedy: unsupported
      ? 'switch ssl on in PostgreSQL, or set LITELLM_DB_SSLMODE=prefer where plain text is acceptable'
      : 'set LITELLM_DB_SSLROOTCERT to the certificate authority of the server, and name the host as its certificate does',
    section: '#tls',
  };
}

function explainUnreachable(facts: ErrorFacts, place: string): FailureFacts {
  return {
    kind: 'connection-refused',
    message: `PostgreSQL at ${place} can't be reached: ${facts.message}`,
    remedy: 'check LITELLM_DB_HOST and LITELLM_DB_PORT (or DATABASE_URL), and that the server listens there',
  };
}

function isCertificateTrouble(facts: ErrorFacts): boolean {
  if (facts.message.includes('SSL connection')) return true;
  return CERTIFICATE_CODES.has(facts.code) || /^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO)/.test(facts.code);
}

/** By shape, not by class: an error may come out of another realm. */
function factsOf(error: unknown): ErrorFacts {
  if (typeof error !== 'object' || error === null) return { code: '', message: String(error) };
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: unknown };
  // Node.js tries several addresses of a name, and what it throws then has no text of its own.
  const inner: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const text =
    typeof message === 'string' && message !== '' ? message : inner === undefined ? '' : factsOf(inner).message;
  return { code: typeof code === 'string' ? code : '', message: text || 'no reason was given' };
}
