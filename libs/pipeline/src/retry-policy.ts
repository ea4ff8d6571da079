import { ExporterFailure, type FailureKind } from '@app/change';

/** What to do after a failure of a session. */
export interface RetryVerdict {
  /** Milliseconds to wait before the next attempt. */
  readonly pause: number;
  /** True where only an operator can mend it: said once, then retried slowly. */
  readonly operator: boolean;
}

const QUICK = 500;
const SLOW = 30_000;
/** A server or store that comes back is found again within this time. */
const LONGEST = 5_000;

/** Kinds that no retry mends: privileges, settings, tables, a database that is not there. They are tried again all the same, slowly. */
const OPERATOR: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'setting-invalid',
  'database-missing',
  'tls-refused',
  'authentication-failed',
  'server-unsupported',
  'wal-level',
  'privilege-missing',
  'table-missing',
  'column-missing',
  'plugin-refused',
  'publication-missing',
  'publication-incomplete',
  'slots-exhausted',
  'slot-foreign',
  'other-system',
  'store-format',
]);

/** Decides by the kind of the failure, never by its text. `attempt` counts failures in a row, from 1. */
export function retryVerdict(error: unknown, attempt: number): RetryVerdict {
  const kind = error instanceof ExporterFailure ? error.kind : null;
  if (kind !== null && OPERATOR.has(kind)) return { pause: SLOW, operator: true };
  const base = kind === 'slot-active' ? 1_000 : QUICK;
  return { pause: Math.min(base * 2 ** Math.min(attempt - 1, 8), LONGEST), operator: false };
}
