import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { ServerOptions } from './options.js';
import { dropSlotFrom } from './slot.js';

/** What became of a slot. */
export type SlotRelease = 'dropped' | 'absent';

/** How long a consumer that goes on may keep the slot. */
export interface ReleasePatience {
  /** Milliseconds for all attempts. */
  readonly total: number;
}

/**
 * Drops a replication slot for good, for one who takes the exporter out of service. A consumer that still holds it (an
 * exporter that is on its way out, and may come back once) is ended, again and again until the time is up.
 *
 * @throws ExporterFailure `slot-active` when the time is up, or what a connection may fail with
 */
export async function releaseSlot(
  options: ServerOptions,
  slot: string,
  { total }: ReleasePatience,
): Promise<SlotRelease> {
  const deadline = Date.now() + total;
  const control = await Connection.open(options, 'control', AbortSignal.timeout(total));
  try {
    for (;;) {
      const [found] = await control.query<{ holder: number | null }>(
        'SELECT active_pid AS holder FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      if (found === undefined) return 'absent';
      if (found.holder !== null) await control.query('SELECT pg_terminate_backend($1)', [found.holder]);
      try {
        await dropSlotFrom(control, slot);
        return 'dropped';
      } catch (error) {
        if (Date.now() >= deadline) throw error;
        await pause(200);
      }
    }
  } finally {
    await control.close();
  }
}
