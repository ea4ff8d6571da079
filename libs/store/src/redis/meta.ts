import { type AggregateSettings, decodeSettings } from '@app/aggregates';
import type { Checkpoint } from '@app/change';
import { decodeCheckpoint } from './codec/checkpoint.js';
import { FORMAT, type StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import { listOf } from './replies.js';
import { formatFailure } from './store-failures.js';

const FIELDS = ['format', 'generation', 'version', 'checkpoint', 'clock', 'base', 'base_clock', 'settings'] as const;

/** What is current, as one atomic read found it. */
export interface CurrentState {
  readonly generation: string;
  readonly version: number;
  readonly checkpoint: Checkpoint;
  readonly clock: number;
  /** The version up to which the base holds everything. */
  readonly base: number;
  readonly baseClock: number;
  /** Settings that the generation was made with. */
  readonly settings: AggregateSettings;
}

/** A stored state that can't be read: half-written, damaged, or not ours. */
export class UnreadableState extends Error {
  override readonly name = 'UnreadableState';
}

/**
 * Reads what is current, in one round trip; null where nothing is stored yet.
 *
 * @throws ExporterFailure `store-format` for a newer version's state, `store-unavailable`, `store-refused`.
 * @throws UnreadableState for an older version's state, or one that was not written by this exporter.
 */
export async function readMeta(connection: RedisConnection, keys: StoreKeys): Promise<CurrentState | null> {
  const values = await connection.run(async (client) =>
    listOf(await client.hmget(keys.meta, ...FIELDS), 'HMGET', FIELDS.length),
  );
  const [format, generation, version, checkpoint, clock, base, baseClock, settings] = values;
  if (format == null) return null;
  if (!/^\d+$/.test(format) || Number(format) > FORMAT) throw formatFailure(format);
  if (format !== String(FORMAT)) throw new UnreadableState(`it was stored in the older format ${format}`);
  if (generation == null) return null;
  if (version == null || checkpoint == null || clock == null || base == null || baseClock == null || settings == null) {
    throw new UnreadableState('what is said of the current generation is not whole');
  }
  return {
    generation,
    version: numberOf('version', version),
    checkpoint: readable(() => decodeCheckpoint(checkpoint)),
    clock: numberOf('clock', clock),
    base: numberOf('base', base),
    baseClock: numberOf('clock of the base', baseClock),
    settings: readable(() => decodeSettings(settings)),
  };
}

/** @throws UnreadableState for a text that is no number. */
function numberOf(name: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UnreadableState(`its ${name} is ${JSON.stringify(text)}`);
  return Number(text);
}

/** Runs a decoder. @throws UnreadableState in place of what it throws. */
export function readable<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new UnreadableState(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
