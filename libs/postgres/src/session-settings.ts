/** What a connection is for; each purpose has settings of its own. */
export type Purpose = 'control' | 'seed' | 'replication';

/**
 * Texts of values must not depend on the role's, the database's or the server's defaults: decoders and readers rely on
 * them (REPLICATION.md 4.1). Nor may those defaults end a session of ours that waits on purpose.
 */
const EVERY_SESSION: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  // A peer that is gone without a word must not keep slot and advisory lock for the two hours of the kernel's default.
  tcp_keepalives_idle: '3',
  tcp_keepalives_interval: '1',
  tcp_keepalives_count: '3',
};

/** What the walsender is told of its own time limit, for the timer of status replies. */
export const WAL_SENDER_TIMEOUT_MS = 6_000;

const BY_PURPOSE: Readonly<Record<Purpose, Readonly<Record<string, string>>>> = {
  control: { statement_timeout: '10s', lock_timeout: '4s', synchronous_commit: 'on' },
  // Each slice sets its own, shorter ones; this is for what a session does before.
  seed: { statement_timeout: '5s', lock_timeout: '4s', default_transaction_read_only: 'on' },
  replication: { statement_timeout: '0', lock_timeout: '4s', wal_sender_timeout: `${WAL_SENDER_TIMEOUT_MS}ms` },
};

/** The start-up option `options` of a connection for this purpose: `-c name=value …`. */
export function sessionOptions(purpose: Purpose): string {
  const settings = { ...EVERY_SESSION, ...BY_PURPOSE[purpose] };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}
