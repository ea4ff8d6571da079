import { ExporterFailure, formatLsn, type Plugin, type SlotFacts } from '@app/change';
import type { PostgresOptions } from './options.js';

/** The plugin of a slot where we read it; null for any other. */
export function pluginOfSlot(slot: SlotFacts): Plugin | null {
  return slot.plugin === 'wal2json' || slot.plugin === 'pgoutput' ? slot.plugin : null;
}

/**
 * Checks that the slot of our name can be ours: logical, of this database, with a plugin that we read. With the memory store
 * ours is a temporary one, so that one which stays is another deployment's, even while that is not there (W11).
 */
export function checkSlotIsOurs(
  slot: SlotFacts | null,
  { database, temporarySlot }: Pick<PostgresOptions, 'database' | 'temporarySlot'>,
): ExporterFailure | null {
  if (slot === null) return null;
  const why = foreignBecause(slot, database);
  if (why !== null) {
    return new ExporterFailure({
      kind: 'slot-foreign',
      message: `slot "${slot.name}" belongs to something else: ${why}`,
      remedy: `set REPLICATION_SLOT to a name of its own, or, where nobody needs that slot: SELECT pg_drop_replication_slot('${slot.name}');`,
      section: '#slots',
    });
  }
  return temporarySlot && !slot.temporary ? keptByAnother(slot) : null;
}

function keptByAnother({ name, confirmedFlush }: SlotFacts): ExporterFailure {
  const position = confirmedFlush === null ? 'nothing yet' : formatLsn(confirmedFlush);
  return new ExporterFailure({
    kind: 'slot-foreign',
    message: `slot "${name}" is a permanent one, confirmed up to ${position}: that of an exporter with Redis, which goes on from there when it comes back. Without REDIS_URL (an empty one counts as unset) this one needs a temporary slot of that name, and would have to drop it`,
    remedy: `set REDIS_URL as for that exporter, or REPLICATION_SLOT to a name of its own; to give up the state in Redis and go on in memory, stop that exporter, then: SELECT pg_drop_replication_slot('${name}');`,
    section: '#slots',
  });
}

function foreignBecause(slot: SlotFacts, database: string): string | null {
  if (slot.database === null) return 'it is a physical slot';
  if (slot.database !== database) return `it is of database "${slot.database}"`;
  return pluginOfSlot(slot) === null ? `its plugin is ${slot.plugin}` : null;
}
