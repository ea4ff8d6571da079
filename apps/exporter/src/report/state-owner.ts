import type { StateStore } from '@app/aggregates';
import { OTHER_SOURCE_REMEDY, otherSource, whyNothingToServe } from '@app/pipeline';
import type { Status } from './status-board.js';

/**
 * Why the stored state must not be shown by this process: it is of another deployment than the one that PostgreSQL's
 * settings lead to. Null where it may be, which a server that can't be asked does not change: every replica serves while
 * PostgreSQL is away.
 */
export function whyNotOurs({ checkpoint, durability }: StateStore, { source }: Status): string | null {
  if (checkpoint === null || durability === 'process' || source === null) return null;
  if (source === 'unasked') return 'PostgreSQL is asked first whether the stored state is of its deployment';
  const why = otherSource(checkpoint.source, source);
  return why === null ? null : `${why}; ${OTHER_SOURCE_REMEDY}`;
}

/** Why this process has no whole state to serve; null where it has one, whosever it is. */
export function whyNoState(store: StateStore, { phase }: Status): string | null {
  if (store.state !== null) return null;
  return phase === 'following' ? whyNothingToServe(store) : 'no whole state yet: the first seed is not finished';
}
