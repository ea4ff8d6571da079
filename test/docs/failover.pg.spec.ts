import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { awaitUntil } from '../support/await-until.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { blocksOf, read, sqlUnder } from './markdown.js';

const SETUP = read('POSTGRES_SETUP.md');
const SLOT = 'litellm_exporter_litellm';

/** What ALTER SYSTEM and its neighbours want: each statement by itself. */
async function run(server: PostgresServer, statements: readonly string[], options: pg.ClientConfig = {}) {
  const client = new pg.Client({ connectionString: server.url(), ...options });
  await client.connect();
  try {
    const results: pg.QueryResult[] = [];
    for (const statement of statements) results.push(await client.query(statement));
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

describe('POSTGRES_SETUP.md on failover, with PostgreSQL 18 and a standby', () => {
  const statements = sqlUnder(SETUP, 'Failover');
  // Told apart by the reload that ends each of the first two blocks.
  const [onPrimary, onStandby] = [statements.slice(0, 3), statements.slice(3, 7)];
  const [check = ''] = statements.slice(7);
  let primary: PostgresServer;
  let standby: PostgresServer;

  beforeAll(async () => {
    primary = await startPostgres({ flavor: 'embedded-18', settings: {} });
    await run(primary, onPrimary);
    await primary.stop('fast');
    const conninfo = `host=127.0.0.1 port=${primary.port} user=postgres password='${primary.password}' dbname=postgres`;
    standby = await startPostgres({
      flavor: 'embedded-18',
      settings: { primary_conninfo: conninfo, wal_retrieve_retry_interval: '500ms' },
      from: { dataDirectory: primary.dataDirectory, standby: true },
    });
    await primary.start();
    // After the copy, which is a cold one and has the slots in it; pg_basebackup leaves them out.
    await run(primary, [`SELECT pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`]);
    await run(standby, onStandby);
  }, 120_000);

  afterAll(async () => {
    await standby?.[Symbol.asyncDispose]();
    await primary?.[Symbol.asyncDispose]();
  });

  it('marks a slot that exists, has it on the standby after some traffic, and still after a promotion', async () => {
    const [block] = blocksOf(SETUP).filter(({ section, language }) => section === 'Failover' && language === 'sh');
    const command = /-c '([^']+)'/.exec(block?.text ?? '')?.[1] ?? '';
    await run(primary, [command], { replication: 'database' } as pg.ClientConfig);
    expect(await run(primary, [check])).toEqual([expect.objectContaining({ slot_name: SLOT })]);

    const synced = async () => {
      await run(primary, [`SELECT pg_logical_emit_message(true, 'traffic', 'x')`, 'SELECT pg_log_standby_snapshot()']);
      await run(primary, [`SELECT pg_replication_slot_advance('${SLOT}', pg_current_wal_flush_lsn())`]);
      const [slot] = await run(standby, [check]);
      return slot?.synced === true && slot.temporary === false && slot.invalidation_reason === null;
    };
    await awaitUntil(synced, { timeout: 120_000, interval: 1_000, what: 'a slot that is synced' });

    await primary.stop('immediate');
    await run(standby, ['SELECT pg_promote()']);
    expect(await run(standby, [check])).toEqual([expect.objectContaining({ slot_name: SLOT, synced: true })]);
  }, 240_000);
});
