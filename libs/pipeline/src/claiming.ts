import type { StateStore } from '@app/aggregates';
import { type Epoch, ExporterFailure, formatLsn, isFailure } from '@app/change';
import type { UpstreamSession } from '@app/litellm';
import { MESSAGE_PREFIX } from './piece.js';

/**
 * Takes an epoch from PostgreSQL, and claims the store with it (W4).
 *
 * @throws ExporterFailure of the session or the store; `server-behind` in place of `fenced` where no writer can have been newer: the
 * claim that stands was made at a position that this server's log has not reached, on the same timeline, so the log has gone back
 */
export async function claimStore(session: UpstreamSession, store: StateStore): Promise<Epoch> {
  const { systemId, timeline } = session.facts.source;
  const position = await session.emitMessage(MESSAGE_PREFIX, `claim ${process.pid}`);
  const epoch: Epoch = { lineage: `${systemId}/${timeline}`, position };
  try {
    await store.claim(epoch);
    return epoch;
  } catch (error) {
    throw (await behindClaim(session, epoch, error)) ?? error;
  }
}

async function behindClaim(session: UpstreamSession, own: Epoch, error: unknown): Promise<ExporterFailure | null> {
  if (!isFailure(error, 'fenced') || error.standing?.lineage !== own.lineage) return null;
  const { position } = error.standing;
  // Asked afterwards: a writer of this server's that was quicker has its position from a log that does not shrink.
  const { walEnd } = await session.figures();
  if (position <= walEnd) return null;
  return new ExporterFailure({
    kind: 'server-behind',
    message:
      `the server's log has gone back: the stored state was claimed at ${formatLsn(position)}, and the log ends at ` +
      `${formatLsn(walEnd)}; the state is seeded anew once the log has grown by ${position - walEnd} bytes`,
    remedy:
      'none needed where the database is written to; to seed anew at once, delete the keys under REDIS_KEY_PREFIX',
    cause: error,
  });
}
