import type { Change } from '@app/change';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { describeDecoder, essential } from '../../../test/contracts/decoder.contract.js';
import { decoderScenarios, decoderTableNames, decoderTables } from '../../../test/contracts/decoder-scenarios.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import type { ChangeDecoder } from './change-decoder.js';
import { PgoutputDecoder } from './pgoutput-decoder.js';
import { wantedRelations } from './relation-names.js';
import { Wal2JsonDecoder } from './wal2json-decoder.js';

const options = {
  wal2json:
    "'format-version', '2', 'include-lsn', 'on', 'include-timestamp', 'on', 'include-transaction', 'on', 'include-types', 'off', 'include-typmod', 'off'",
  pgoutput: "'proto_version', '1', 'publication_names', 'everything', 'messages', 'true'",
};
type PluginName = keyof typeof options;
const plugins: readonly PluginName[] = ['wal2json', 'pgoutput'];

let server: PostgresServer;
const recorded = new Map<string, readonly Change[]>();
const changesOf = (plugin: PluginName) => (scenario: string) => recorded.get(`${plugin} ${scenario}`) ?? [];

function decoders(): Record<PluginName, ChangeDecoder> {
  const partitions = { LiteLLM_SpendLogs: ['LiteLLM_SpendLogs_p20260101', 'LiteLLM_SpendLogs_pdefault'] };
  const resolve = wantedRelations({ schema: 'public', tables: decoderTableNames, partitions });
  return { wal2json: new Wal2JsonDecoder(resolve), pgoutput: new PgoutputDecoder() };
}

beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
  const database = await server.createDatabase();
  const session = '-c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1 -c bytea_output=hex';
  const client = new pg.Client({ connectionString: server.url(database), options: session });
  await client.connect();
  for (const statement of decoderTables) await client.query(statement);
  await client.query('CREATE PUBLICATION everything FOR ALL TABLES WITH (publish_via_partition_root = true)');
  const slot = (plugin: PluginName) => `${database}_${plugin}`;
  for (const plugin of plugins) {
    await client.query('SELECT pg_create_logical_replication_slot($1, $2)', [slot(plugin), plugin]);
  }
  const decoderOf = decoders();
  for (const scenario of decoderScenarios) {
    for (const statement of scenario.statements) await client.query(statement);
    for (const plugin of plugins) {
      const { rows } = await client.query<{ data: Buffer }>(
        `SELECT data FROM pg_logical_slot_get_binary_changes('${slot(plugin)}', NULL, NULL, ${options[plugin]})`,
      );
      const changes = rows.map(({ data }) => decoderOf[plugin].decode(data)).filter((change) => change !== null);
      recorded.set(`${plugin} ${scenario.name}`, changes);
    }
  }
  for (const plugin of plugins) await client.query('SELECT pg_drop_replication_slot($1)', [slot(plugin)]);
  await client.end();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

for (const plugin of plugins) describeDecoder(plugin, changesOf(plugin));

describe('both decoders', () => {
  it.each(decoderScenarios.map(({ name }) => name))('give equal changes for %s', (scenario) => {
    const wal2json = essential(changesOf('wal2json')(scenario));
    const pgoutput = essential(changesOf('pgoutput')(scenario));
    expect(wal2json.length).toBeGreaterThan(0);
    expect(wal2json).toStrictEqual(pgoutput);
  });
});
