import { ExporterFailure } from '@app/change';
import type { ExporterConfig } from '@app/config';
import { releaseSlot } from '@app/postgres';
import { serverOptions } from './server-options.js';

/** What `slot drop` was asked for. */
export interface DropSlotRequest {
  readonly config: ExporterConfig;
  /** Milliseconds for which a consumer that comes back is ended again. */
  readonly patience: number;
  /** A failure is told, and the command succeeds all the same: it must not hold an uninstall up. */
  readonly bestEffort: boolean;
  readonly print: (line: string) => void;
}

/** Drops the slot of the exporter with these settings. Returns the exit code. */
export async function dropSlot({ config, patience, bestEffort, print }: DropSlotRequest): Promise<number> {
  const { slot } = config.replication;
  const place = `${config.database.host}:${config.database.port}/${config.database.name}`;
  try {
    const result = await releaseSlot(serverOptions(config), slot, { total: patience });
    print(result === 'dropped' ? `slot ${slot} of ${place} is dropped` : `${place} has no slot ${slot}`);
    return 0;
  } catch (error) {
    const why = error instanceof ExporterFailure ? error.explain() : String(error);
    print(`slot ${slot} of ${place} may still hold the write-ahead log back: ${why}`);
    print(`  by hand: SELECT pg_drop_replication_slot('${slot}');`);
    return bestEffort ? 0 : 1;
  }
}
