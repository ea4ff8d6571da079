import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';

describe('REPLICATION_FAILOVER on real servers', () => {
  const servers = new Map<PostgresFlavor, PostgresServer>();
  beforeAll(async () => {
    for (const flavor of ['debian-15', 'embedded-18'] as const) servers.set(flavor, await startPostgres({ flavor }));
  }, 60_000);
  afterAll(async () => {
    for (const server of servers.values()) await server[Symbol.asyncDispose]();
  });
  const serverOf = (flavor: PostgresFlavor): PostgresServer => servers.get(flavor) as PostgresServer;
  const failover = async ({ sql, options }: Awaited<ReturnType<typeof givenUpstream>>) => {
    const slots = await sql.query('SELECT to_jsonb(s) AS slot FROM pg_replication_slots s WHERE slot_name = $1', [
      options.slot,
    ]);
    return slots.rows.map(({ slot }) => slot.failover);
  };

  it('is refused by PostgreSQL 15 before anything is created, with the remedy', async () => {
    await using given = await givenUpstream(serverOf('debian-15'), { plugin: 'pgoutput', failover: true });
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'server-unsupported',
      message: expect.stringMatching(/REPLICATION_FAILOVER .* the server is 15\./),
      remedy: expect.stringContaining('leave REPLICATION_FAILOVER unset'),
    });
    expect(await failover(given)).toEqual([]);
    expect((await given.sql.query('SELECT 1 FROM pg_publication')).rows).toEqual([]);
  });

  it('makes a failover slot on PostgreSQL 18', async () => {
    await using given = await givenUpstream(serverOf('embedded-18'), { plugin: 'pgoutput', failover: true });
    const session = await given.connect();
    await session.seed({ since: Date.now(), signal: new AbortController().signal }, new SeedRecorder());
    expect(await failover(given)).toEqual([true]);
  });
});
