import { type ChangeStream, type CommitChange, LSN_ZERO, type Lsn, type StreamSink } from '@app/change';
import type { Client } from 'pg';
import { awaitUntil } from './await-until.js';
import type { PostgresServer } from './postgres-server.js';
import { freshDatabase, RecordingSink, replicationClient, sqlClient } from './replication-session.js';

/** The streams of the benches: one table with mixed case, and a publication that has to be quoted. */
export const wal2json = { plugin: 'wal2json', wanted: { schema: 'public', tables: ['LiteLLM_SpendLogs'] } } as const;
export const pgoutput = { plugin: 'pgoutput', publications: ['Exporter "1"'] as readonly string[] } as const;
type Source = typeof wal2json | typeof pgoutput;

/** What a bench opens streams with. */
type Opener = (
  request: { client: Client; slot: string; from: Lsn; source: Source; walSenderTimeoutMs: number },
  sink: StreamSink,
) => Promise<ChangeStream>;

/** How a bench differs from a lasting slot of wal2json with the exporter's wal_sender_timeout of 6 s. */
export interface StreamBenchOptions {
  readonly source?: Source;
  readonly temporary?: boolean;
  readonly timeoutMs?: number;
  readonly on?: PostgresServer;
}

/** A database of its own with tables and publication, a plain client, and a replication client that has made a slot. */
export async function streamBench(opener: Opener, server: PostgresServer, options: StreamBenchOptions) {
  const { source = wal2json, temporary = false, timeoutMs = 6000, on = server } = options;
  const { name, url } = await freshDatabase(on);
  const sql = await sqlClient(url);
  await sql.query('CREATE TABLE "LiteLLM_SpendLogs" (id integer PRIMARY KEY, doc text)');
  await sql.query('CREATE TABLE other (id integer PRIMARY KEY)');
  await sql.query('CREATE PUBLICATION "Exporter ""1""" FOR TABLE "LiteLLM_SpendLogs"');
  const slot = `s_${name}`;
  const client = await replicationClient(url, timeoutMs);
  const kind = temporary ? 'TEMPORARY ' : '';
  await client.query(`CREATE_REPLICATION_SLOT ${slot} ${kind}LOGICAL ${source.plugin} (SNAPSHOT 'nothing')`);
  const sink = new RecordingSink();
  return {
    ...{ url, sql, slot, client, sink },
    open: (from: Lsn = LSN_ZERO, using: Client = client, to: StreamSink = sink) =>
      opener({ client: using, slot, from, source, walSenderTimeoutMs: timeoutMs }, to),
    insert: (id: number, doc = 'x') => sql.query('INSERT INTO "LiteLLM_SpendLogs" VALUES ($1, $2)', [id, doc]),
    [Symbol.asyncDispose]: async () => {
      await client.end().catch(() => undefined);
      const drop =
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active';
      await sql.query(drop, [slot]).catch(() => undefined);
      await sql.end().catch(() => undefined);
    },
  };
}

/** The ids of the inserted rows, in the order in which they came. */
export function insertedIds(sink: RecordingSink): unknown[] {
  return sink.of('insert').map((change) => change.row.id);
}

/** Awaits that many commits and resolves with all there are. */
export async function commits(sink: RecordingSink, count: number): Promise<CommitChange[]> {
  await awaitUntil(() => sink.of('commit').length >= count, { what: `${count} commits` });
  return sink.of('commit');
}
