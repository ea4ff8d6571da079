import { publishedColumns, relationOf, TABLE_NAMES, TABLES, type TableName } from '@app/litellm';
import { inspectPostgres } from '@app/postgres';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { awaitUntil } from '../support/await-until.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { blocksOf, isForOwner, read, sqlUnder } from './markdown.js';

const SETUP = read('POSTGRES_SETUP.md');
const blocks = blocksOf(SETUP).filter((block) => block.language === 'sql');
const OWNER = 'litellm';
const ROLE = 'litellm_exporter';
/** Columns that must stay unreadable, of those that LiteLLM has. */
const SECRETS: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  spend_logs: ['messages', 'response', 'proxy_server_request', 'requester_ip_address'],
  user: ['password', 'user_email'],
  model: ['litellm_params'],
};
const TYPES = {
  text: 'text',
  float: 'float8',
  integer: 'int8',
  boolean: 'bool',
  timestamp: 'timestamp(3)',
  json: 'jsonb',
  array: 'text[]',
};

const statementsUnder = (...sections: string[]) => sqlUnder(SETUP, ...sections);

function createTable(table: TableName): string {
  const { columns, primaryKey } = TABLES[table];
  const known = columns.map((column) => `"${column.name}" ${TYPES[column.type]}`);
  const secret = (SECRETS[table] ?? []).map((name) => `"${name}" text`);
  const key = primaryKey.map((name) => `"${name}"`).join(', ');
  return `CREATE TABLE "${relationOf(table)}" (${[...known, ...secret].join(', ')}, PRIMARY KEY (${key}))`;
}

describe.each<PostgresFlavor>(['debian-15', 'embedded-18'])('POSTGRES_SETUP.md on %s', (flavor) => {
  let server: PostgresServer;
  let admin: pg.Client;
  let database: string;

  beforeAll(async () => {
    // Settings of its own, so that ALTER SYSTEM never touches a server that somebody else gave to the tests.
    server = await startPostgres({ flavor, settings: {} });
    database = await server.createDatabase();
    admin = await connect(server.user, server.password);
    await admin.query(`CREATE ROLE ${OWNER}; GRANT CREATE ON DATABASE ${database} TO ${OWNER}`);
    await admin.query(`GRANT ALL ON SCHEMA public TO ${OWNER}; SET ROLE ${OWNER}`);
    for (const table of TABLE_NAMES) await admin.query(createTable(table));
    await admin.query('RESET ROLE');
    for (const statement of statementsUnder('wal_level', 'Role', 'Publication', 'Slots', 'TLS')) await run(statement);
  });

  afterAll(async () => {
    await admin?.end();
    await server?.[Symbol.asyncDispose]();
  });

  async function connect(user: string, password: string): Promise<pg.Client> {
    const client = new pg.Client({ host: server.host, port: server.port, user, password, database });
    await client.connect();
    return client;
  }

  async function run(statement: string): Promise<pg.QueryResult> {
    if (!isForOwner(statement)) return admin.query(statement);
    await admin.query(`SET ROLE ${OWNER}`);
    try {
      return await admin.query(statement);
    } finally {
      await admin.query('RESET ROLE');
    }
  }

  async function asExporter<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await connect(ROLE, 'choose-a-password');
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  it('lets the role read every column that the exporter reads', async () => {
    await asExporter(async (client) => {
      for (const table of TABLE_NAMES) {
        const columns = TABLES[table].columns.map((column) => `"${column.name}"`).join(', ');
        await client.query(`SELECT ${columns} FROM "${relationOf(table)}"`);
      }
    });
  });

  it.each(
    Object.entries(SECRETS).flatMap(([table, names]) => names.map((name) => [table as TableName, name] as const)),
  )('does not let the role read the column of %s that is %s', async (table, column) => {
    const reading = asExporter((client) => client.query(`SELECT "${column}" FROM "${relationOf(table)}"`));
    await expect(reading).rejects.toMatchObject({ code: '42501' });
  });

  it.each([true, false])('satisfies the preflight with pgoutput (temporary slot: %s)', async (temporarySlot) => {
    await admin.query('SELECT pg_reload_conf()');
    const { host, port } = server;
    const place = { host, port, database, user: ROLE, password: 'choose-a-password', schema: 'public' };
    const names = { slot: 'litellm_exporter_preflight', publication: 'litellm_exporter' };
    const options = {
      ...place,
      ...names,
      sslMode: 'prefer',
      plugin: 'pgoutput',
      failover: false,
      temporarySlot,
    } as const;
    const findings = await inspectPostgres(options, AbortSignal.timeout(20_000));
    const failures = findings.failures.map((failure) => failure.explain());
    // The tables of this spec have no index by time.
    const warnings = findings.warnings.filter((warning) => !warning.includes('startTime'));
    expect({ failures, warnings, repairs: findings.repairs }).toEqual({ failures: [], warnings: [], repairs: [] });
  });

  it('publishes the columns that the exporter wants, and no other', async () => {
    const { rows } = await admin.query('SELECT tablename, attnames::text[] AS columns FROM pg_publication_tables');
    const published = Object.fromEntries(rows.map((row) => [row.tablename, [...row.columns].sort()]));
    const wanted = TABLE_NAMES.map((table) => {
      const available = new Set(TABLES[table].columns.map((column) => column.name));
      return [relationOf(table), publishedColumns(table, available).sort()];
    });
    expect(published).toEqual(Object.fromEntries(wanted));
  });

  it('publishes inserts of spend logs, and every operation of the rest', async () => {
    const { rows } = await admin.query(
      `SELECT pubname AS name, pubinsert AND pubviaroot AS inserts, pubupdate OR pubdelete OR pubtruncate AS any_other,
              pubupdate AND pubdelete AND pubtruncate AS all_others FROM pg_publication ORDER BY 1`,
    );
    expect(rows).toEqual([
      { name: 'litellm_exporter', inserts: true, any_other: false, all_others: false },
      { name: 'litellm_exporter_entities', inserts: true, any_other: true, all_others: true },
    ]);
  });

  it('lets the role stream through the publications', async () => {
    const bytes = await asExporter(async (client) => {
      await client.query("SELECT pg_create_logical_replication_slot('setup', 'pgoutput', true)");
      await admin.query(`INSERT INTO "LiteLLM_SpendLogs" (request_id, messages) VALUES ('streamed', 'secret prompt')`);
      const { rows } = await client.query(
        `SELECT string_agg(encode(data, 'escape'), '') AS sent FROM pg_logical_slot_peek_binary_changes('setup', NULL, NULL,
           'proto_version', '1', 'publication_names', 'litellm_exporter,litellm_exporter_entities')
          WHERE get_byte(data, 0) = ascii('I')`,
      );
      return rows[0].sent as string;
    });
    expect(bytes).toContain('streamed');
    expect(bytes).not.toContain('secret prompt');
  });

  it('lets wal2json in where the server has to be asked', async () => {
    const known = await admin.query("SELECT 1 FROM pg_settings WHERE name = 'output_plugin_libraries'");
    if (known.rowCount === 0) {
      await expect(run(statementsUnder('wal2json')[0] ?? '')).rejects.toThrow('output_plugin_libraries');
      return;
    }
    await admin.query("ALTER SYSTEM SET output_plugin_libraries = 'pgoutput'");
    for (const statement of statementsUnder('wal2json')) await run(statement);
    // A reload reaches new connections a moment later.
    const create = "SELECT pg_create_logical_replication_slot('json', 'wal2json', true)";
    await awaitUntil(() => asExporter((client) => client.query(create)), { what: 'a slot with wal2json' });
  });

  it('gives a limit to what slots hold back', async () => {
    const { rows } = await admin.query('SELECT pg_reload_conf(), setting FROM pg_file_settings WHERE name = $1', [
      'max_slot_wal_keep_size',
    ]);
    expect(rows.at(-1)?.setting).toBe('50GB');
  });

  it('gets rid of a slot that is read, where it fills the disk', async () => {
    const slot = `litellm_exporter_${database}`;
    await admin.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    const { host, port } = server;
    const consumer = new pg.Client({
      host,
      port,
      user: ROLE,
      password: 'choose-a-password',
      database,
      replication: 'database',
    } as pg.ClientConfig);
    consumer.on('error', () => {});
    await consumer.connect();
    const options = `proto_version '1', publication_names 'litellm_exporter'`;
    const streaming = consumer.query(`START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (${options})`);
    const ended = expect(streaming).rejects.toThrow();
    const active = async () => (await admin.query('SELECT 1 FROM pg_replication_slots WHERE active')).rowCount === 1;
    await awaitUntil(active, { what: 'a slot that is read' });
    const [terminate = '', ...rest] = statementsUnder('Disk full');
    await run(terminate);
    await ended;
    await awaitUntil(async () => !(await active()), { what: 'a slot that is free' });
    for (const statement of rest) await run(statement);
    expect((await admin.query('SELECT slot_name FROM pg_replication_slots')).rows).toEqual([]);
  });

  it('leaves nothing behind when all is removed', async () => {
    const slot = `litellm_exporter_${database}`;
    await admin.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    for (const statement of statementsUnder('Removing')) await run(statement);
    const { rows } = await admin.query(
      `SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
            + (SELECT count(*) FROM pg_roles WHERE rolname = '${ROLE}') AS left_behind`,
    );
    expect(rows).toEqual([{ left_behind: '0' }]);
  });

  it('has no block that no test runs', () => {
    const run = ['wal_level', 'Role', 'Publication', 'Slots', 'TLS', 'wal2json', 'Disk full', 'Removing'];
    // Needs a standby: failover.pg.spec.ts.
    expect(read('test/docs/failover.pg.spec.ts')).toContain(`sqlUnder(SETUP, 'Failover')`);
    run.push('Failover');
    expect(blocks.filter((block) => !run.includes(block.section))).toEqual([]);
  });
});
