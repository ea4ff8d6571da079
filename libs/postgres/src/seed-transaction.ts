import type { Connection } from './connection.js';
import { quoteLiteral } from './literal.js';
import { SLICE_LIMIT_MS } from './seed-slices.js';

/** What a short transaction of the seed takes up at its start. */
export interface SeedView {
  readonly connection: Connection;
  /** Name of the exported snapshot. */
  readonly snapshot: string;
}

/** Milliseconds that a read waits for somebody's ACCESS EXCLUSIVE lock. */
const LOCK_WAIT_MS = 2_000;

/**
 * Runs a few reads in one short transaction that sees the snapshot. However it ends, no lock is left: the transaction is
 * rolled back or its connection is closed.
 */
export async function inSnapshot<T>(view: SeedView, read: () => Promise<T>): Promise<T> {
  const { connection } = view;
  await connection.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
     SET TRANSACTION SNAPSHOT ${quoteLiteral(view.snapshot)};
     SET LOCAL statement_timeout = ${SLICE_LIMIT_MS};
     SET LOCAL lock_timeout = ${LOCK_WAIT_MS};
     SET LOCAL max_parallel_workers_per_gather = 0`,
  );
  try {
    const result = await read();
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => connection.destroy());
    throw error;
  }
}

/** True where a read was ended because it took too long: by the server, or by us when the client was the slow one. */
export function isTooSlow(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '57014' || error instanceof SliceOverdue;
}

/** True where somebody else's lock was in the way. */
export function isLockedOut(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '55P03';
}

/** A slice that was not through when its time was up; its connection is closed. */
export class SliceOverdue extends Error {
  constructor() {
    super('the slice took too long to hand over');
    this.name = 'SliceOverdue';
  }
}
