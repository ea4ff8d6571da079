import type { FailureKind } from '@app/change';
import type { PipelineObserver } from './observer.js';

/** Kinds with which PostgreSQL can't be asked anything; a missing privilege or table is an answer. */
const POSTGRES: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'connection-refused',
  'database-missing',
  'tls-refused',
  'authentication-failed',
  'server-shutting-down',
  'stream-broken',
  'seed-interrupted',
]);

/** Tells which dependency did not answer, where the failure is of that kind; one that did is left as it was told last. */
export function tellUnreached(kind: FailureKind, observer: Pick<PipelineObserver, 'dependency'>): void {
  if (POSTGRES.has(kind)) observer.dependency('postgres', false);
  if (kind === 'store-unavailable') observer.dependency('redis', false);
}
