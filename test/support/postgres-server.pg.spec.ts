import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type PostgresFlavor, type PostgresServer, startPostgres } from './postgres-server.js';

const plugins: Record<PostgresFlavor, string> = { 'debian-15': 'wal2json', 'embedded-18': 'pgoutput' };

describe.each(Object.keys(plugins) as PostgresFlavor[])('a PostgreSQL of flavor %s', (flavor) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ flavor, settings: { max_slot_wal_keep_size: '64MB' } });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    expect(existsSync(server.dataDirectory)).toBe(false);
  });

  it('decodes WAL with the plugin that the flavor is for', async () => {
    const client = new pg.Client(server.url(await server.createDatabase()));
    await client.connect();
    const slot = `SELECT pg_create_logical_replication_slot('probe_${flavor.slice(-2)}', '${plugins[flavor]}', true)`;
    await client.query(slot);
    const settings = await client.query(
      `SELECT current_setting('TimeZone') AS zone, current_setting('max_slot_wal_keep_size') AS kept`,
    );
    await client.end();
    expect(settings.rows).toEqual([{ zone: 'Australia/Eucla', kept: '64MB' }]);
  });

  it('comes back on its port after each way of stopping', async () => {
    const { port } = server;
    for (const mode of ['fast', 'immediate', 'smart'] as const) {
      expect(await server.stop(mode)).toBeGreaterThan(0);
      await server.start();
    }
    expect(server.port).toBe(port);
    expect(server.version).toMatch(/^\d+\.\d+/);
  });
});

it('says why a server does not start', async () => {
  const settings = { shared_preload_libraries: 'no_such_library' };
  await expect(startPostgres({ flavor: 'embedded-18', settings })).rejects.toThrow(/no_such_library/);
});
