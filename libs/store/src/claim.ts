import { type Epoch, ExporterFailure, formatLsn, type Lsn, lsnFromHex, lsnToHex } from '@app/change';

/**
 * An epoch in a form that compares as text. `rank` orders epochs of one system: the timeline in 8 hexadecimal digits,
 * then the position in 16. A newer timeline of the same system comes after everything on an older one, because a
 * promoted server has ended what came before.
 */
export interface Claim {
  readonly system: string;
  readonly rank: string;
}

/** The claim that an epoch (`<system identifier>/<timeline>`, position) makes. */
export function claimOf({ lineage, position }: Epoch): Claim {
  const slash = lineage.lastIndexOf('/');
  const timeline = Number.parseInt(lineage.slice(slash + 1), 10);
  if (slash <= 0 || !Number.isSafeInteger(timeline) || timeline < 0) {
    throw new RangeError(`a lineage has the form <system identifier>/<timeline>, got ${JSON.stringify(lineage)}`);
  }
  return {
    system: lineage.slice(0, slash),
    rank: timeline.toString(16).padStart(8, '0') + lsnToHex(position),
  };
}

/** How a stored claim stands to the one of a caller. */
export type ClaimOrder = 'older' | 'same' | 'newer' | 'other-system';

/** Compares what is stored with what a caller brings. */
export function compareClaims(stored: Claim, own: Claim): ClaimOrder {
  if (stored.system !== own.system) return 'other-system';
  if (stored.rank === own.rank) return 'same';
  return stored.rank > own.rank ? 'newer' : 'older';
}

/** The epoch that has made a claim, the other way round. @throws RangeError or SyntaxError for a rank of another form */
export function epochOf({ system, rank }: Claim): Epoch {
  return { lineage: `${system}/${Number.parseInt(rank.slice(0, 8), 16)}`, position: lsnFromHex(rank.slice(8)) };
}

/** The failure of a writer that has been replaced (W4), by the claim that stands where that is known. */
export function fencedFailure(own: Epoch, standing?: Claim): ExporterFailure {
  return new ExporterFailure({
    kind: 'fenced',
    standing: standing === undefined ? undefined : epochOf(standing),
    message: `a newer writer has taken over the stored state from the one of ${own.lineage} at ${formatLsn(own.position)}`,
    remedy:
      'nothing where several replicas run; where PostgreSQL was restored from a backup, delete the keys under REDIS_KEY_PREFIX so that a new seed is made',
  });
}

/** The failure of a step that starts from another position than the store stands at (W3, W5). */
export function mismatchFailure(expected: Lsn, stored: Lsn | null): ExporterFailure {
  const where = stored === null ? 'holds no state that this step could follow' : `stands at ${formatLsn(stored)}`;
  return new ExporterFailure({
    kind: 'checkpoint-mismatch',
    message: `the step starts from ${formatLsn(expected)}, but the store ${where}`,
    remedy: 'none needed: the state is read again, or seeded anew where it went back',
  });
}
