import type { Change, ChangeStream, Lsn, StreamSink } from '@app/change';
import pg from 'pg';
import type { PostgresServer } from './postgres-server.js';

/** A connected replication client in the session settings of the exporter; `timeoutMs` is its wal_sender_timeout. */
export async function replicationClient(url: string, timeoutMs = 6000): Promise<pg.Client> {
  const settings = {
    wal_sender_timeout: String(timeoutMs),
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    extra_float_digits: '1',
  };
  const client = new pg.Client({
    connectionString: url,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    ...{ replication: 'database' },
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** A plain client that ends with its scope. */
export async function sqlClient(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** A sink that keeps what it hears. */
export class RecordingSink implements StreamSink {
  readonly changes: Change[] = [];
  readonly keepalives: { readonly walEnd: Lsn; readonly replyRequested: boolean }[] = [];
  /** What each call of `closed` said. */
  readonly endings: (Error | null)[] = [];
  /** Called after each change was kept. */
  onChange: (change: Change) => void = () => {};
  onKeepalive: (walEnd: Lsn) => void = () => {};
  stream: ChangeStream | null = null;

  change(change: Change): void {
    this.changes.push(change);
    this.onChange(change);
  }

  keepalive(walEnd: Lsn, replyRequested: boolean): void {
    this.keepalives.push({ walEnd, replyRequested });
    this.onKeepalive(walEnd);
  }

  closed(reason: Error | null): void {
    this.endings.push(reason);
  }

  /** Changes of one kind. */
  of<K extends Change['kind']>(kind: K): Extract<Change, { kind: K }>[] {
    return this.changes.filter((change): change is Extract<Change, { kind: K }> => change.kind === kind);
  }
}

/** What pg_replication_slots says of a slot's confirmed position, as text. */
export async function confirmedFlush(client: pg.Client, slot: string): Promise<string | null> {
  const { rows } = await client.query<{ lsn: string | null }>(
    'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return rows[0]?.lsn ?? null;
}

/** A database of its own on a server, and its URL. */
export async function freshDatabase(server: PostgresServer): Promise<{ name: string; url: string }> {
  const name = await server.createDatabase();
  return { name, url: server.url(name) };
}
