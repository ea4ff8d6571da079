import { ExporterFailure, type Plugin, type SlotFacts } from '@app/change';

/** The plugin of a slot where we read it; null for any other. */
export function pluginOfSlot(slot: SlotFacts): Plugin | null {
  return slot.plugin === 'wal2json' || slot.plugin === 'pgoutput' ? slot.plugin : null;
}

/** Checks that the slot of our name can be ours: logical, of this database, with a plugin that we read. */
export function checkSlotIsOurs(slot: SlotFacts | null, database: string): ExporterFailure | null {
  if (slot === null) return null;
  const why = foreignBecause(slot, database);
  if (why === null) return null;
  return new ExporterFailure({
    kind: 'slot-foreign',
    message: `slot "${slot.name}" belongs to something else: ${why}`,
    remedy: `set REPLICATION_SLOT to a name of its own, or, where nobody needs that slot: SELECT pg_drop_replication_slot('${slot.name}');`,
    section: '#slots',
  });
}

function foreignBecause(slot: SlotFacts, database: string): string | null {
  if (slot.database === null) return 'it is a physical slot';
  if (slot.database !== database) return `it is of database "${slot.database}"`;
  return pluginOfSlot(slot) === null ? `its plugin is ${slot.plugin}` : null;
}
