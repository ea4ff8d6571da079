import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Simulator } from '../../apps/simulator/src/index.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import type { Exposition } from '../support/exposition.js';
import { givenServers } from '../support/given-servers.js';

jest.setTimeout(240_000);

describe('W5: a server that was promoted twice while the exporter was away', () => {
  const servers = givenServers();

  /** The server as the standby of nobody, and then promoted: what a failover leaves, with its slots kept. */
  async function promote(): Promise<void> {
    await servers.postgres.stop('fast');
    writeFileSync(join(servers.postgres.dataDirectory, 'standby.signal'), '', { mode: 0o644 });
    await servers.postgres.start();
    const client = new pg.Client(servers.postgres.url());
    await client.connect();
    try {
      await client.query('SELECT pg_promote()');
      const writable = async () => (await client.query('SELECT pg_is_in_recovery() AS waits')).rows[0]?.waits === false;
      await awaitUntil(writable, { timeout: 60_000, what: 'a promoted server' });
    } finally {
      await client.end();
    }
  }

  it('the state lies before both points at which its timeline was left: the stream goes on, nothing is seeded', async () => {
    const database = await servers.postgres.createDatabase();
    const pool = new pg.Pool({ connectionString: servers.postgres.url(database), max: 1 });
    pool.on('error', () => {});
    const simulator = new Simulator(pool, { seed: 'promotions' });
    await simulator.createTables();
    await simulator.seedWorld();
    const env = { DATABASE_URL: servers.postgres.url(database), REDIS_URL: servers.redis.url };
    const counts = async (exporter: ExporterProcess, rows: number): Promise<Exposition> =>
      awaitUntil(
        async () => {
          const scrape = await exporter.scrape();
          const all = scrape.samples('litellm_requests_processed_total').reduce((sum, { value }) => sum + value, 0);
          return all === rows && scrape;
        },
        { timeout: 60_000, interval: 100, what: `${rows} rows counted` },
      );

    await using before = await startExporter({ env });
    await before.awaitReady(60_000);
    await simulator.writeBatch(40);
    await counts(before, 40);
    expect((await before.stop()).code).toBe(0);
    await promote();
    await promote();
    await using after = await startExporter({ env });
    await after.awaitLog(/streaming goes on from the checkpoint/, 60_000);
    await simulator.writeBatch(40);
    const scrape = await counts(after, 80);
    const seeds = scrape.samples('litellm_exporter_seeds_total').map(({ labels, value }) => [labels.reason, value]);
    expect(seeds).toEqual([['first', 1]]);
    const { rows } = await pool.query('SELECT timeline_id FROM pg_control_checkpoint()');
    expect(rows).toEqual([{ timeline_id: 3 }]);
    await pool.end();
  });
});
