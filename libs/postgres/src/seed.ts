import { setTimeout as pause } from 'node:timers/promises';
import type { SeedRequest, SeedResult, SeedSink } from '@app/litellm';
import type { Connection } from './connection.js';
import type { PostgresOptions, Reporter } from './options.js';
import { SeedConnection } from './seed-connection.js';
import { readEntities } from './seed-entities.js';
import { SinkError, seedFailure, seedInterrupted } from './seed-failure.js';
import { SeedPatience } from './seed-patience.js';
import type { CreatedSlot } from './slot.js';
import { SpendLogReader } from './spend-log-reader.js';
import type { UsableTables } from './table-check.js';

/** What a seed reads over and from. */
export interface SeedSource {
  readonly options: PostgresOptions;
  readonly tables: UsableTables;
  readonly control: Connection;
  readonly reporter: Reporter;
}

/**
 * Hands over what the snapshot sees: entities whole, then spend logs in slices. No lock on a table of LiteLLM is held for
 * longer than 5 s (W11).
 *
 * @throws ExporterFailure `seed-interrupted`, or what the sink has thrown
 */
export async function readSeed(
  source: SeedSource,
  slot: CreatedSlot,
  request: SeedRequest,
  sink: SeedSink,
): Promise<SeedResult> {
  const { control, options, tables } = source;
  const connection = new SeedConnection(options, slot.snapshot, request.signal);
  const cut = (): void => connection.cut();
  request.signal.addEventListener('abort', cut, { once: true });
  try {
    const snapshotTime = await clockOf(control);
    const view = () => connection.view();
    const patience = new SeedPatience(source.reporter, request.signal);
    for await (const rows of readEntities({ view, schema: options.schema, tables, patience })) {
      request.signal.throwIfAborted();
      hand(() => sink.entities(rows));
    }
    const reader = new SpendLogReader(view, spendLogs(source), sink, {
      patience,
      signal: request.signal,
      overdue: () => source.reporter.warn('a slice of the seed took too long and is read again in smaller ones'),
    });
    const oldestRowTime = await reader.read(request.since);
    return { consistentPoint: slot.consistentPoint, snapshotTime, oldestRowTime };
  } catch (error) {
    connection.cut();
    throw seedFailure(error);
  } finally {
    request.signal.removeEventListener('abort', cut);
    await Promise.race([connection.close(), pause(1_000, undefined, { ref: false })]);
  }
}

/** PostgreSQL's clock, in milliseconds since the Unix epoch. */
export async function clockOf(control: Connection): Promise<number> {
  const [row] = await control.query<{ clock: number }>(
    `SELECT floor(date_part('epoch', clock_timestamp()) * 1000)::float8 AS clock`,
  );
  if (row === undefined) throw new RangeError('a query without FROM has one row');
  return row.clock;
}

function spendLogs(source: SeedSource): { schema: string; columns: ReadonlySet<string>; oid: number } {
  const table = source.tables.get('spend_logs');
  if (table === undefined) throw seedInterrupted('there is no table of spend logs');
  return { schema: source.options.schema, columns: table.columns, oid: table.state.oid };
}

function hand(give: () => void): void {
  try {
    give();
  } catch (error) {
    throw new SinkError(error);
  }
}
