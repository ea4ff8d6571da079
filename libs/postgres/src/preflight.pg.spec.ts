import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { SeedRecorder } from '../../../test/support/seed-recorder.js';
import { inspectPostgres } from './upstream.js';

const signal = new AbortController().signal;
const request = { since: Date.now() - 86_400_000, signal };

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('what is missing is named', () => {
  it('no LiteLLM in this database, schema or server', async () => {
    await using given = await givenUpstream(server, {}, null);
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'table-missing',
      section: '#tables',
      message:
        'schema "public" lacks "LiteLLM_SpendLogs", "LiteLLM_VerificationToken", "LiteLLM_TeamTable", "LiteLLM_UserTable"',
    });
    await expect(given.connect({ schema: 'nowhere' })).rejects.toMatchObject({
      kind: 'table-missing',
      message: expect.stringContaining('schema "nowhere"'),
    });
    await expect(given.connect({ database: 'nowhere' })).rejects.toMatchObject({
      kind: 'database-missing',
      message: expect.stringContaining('no database "nowhere"'),
    });
    await expect(given.connect({ port: 1 })).rejects.toMatchObject({
      kind: 'connection-refused',
      message: expect.stringContaining("127.0.0.1:1 can't be reached"),
    });
  });

  it('a required column', async () => {
    await using given = await givenUpstream(server);
    await given.sql.query('ALTER TABLE "LiteLLM_SpendLogs" DROP COLUMN total_tokens, DROP COLUMN model');
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'column-missing',
      message: '"LiteLLM_SpendLogs" lacks "model", "total_tokens"',
    });
  });

  it('a wrong password, without the password', async () => {
    await using given = await givenUpstream(server);
    const error = await given.connect({ password: 'not-the-password' }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ kind: 'authentication-failed' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('not-the-password');
  });

  it('TLS that the server does not speak', async () => {
    await using given = await givenUpstream(server);
    await expect(given.connect({ sslMode: 'require' })).rejects.toMatchObject({
      kind: 'tls-refused',
      section: '#tls',
    });
    for (const sslMode of ['disable', 'allow', 'prefer'] as const) await (await given.connect({ sslMode })).close();
  });

  it('a slot of somebody else', async () => {
    await using given = await givenUpstream(server);
    await given.sql.query(`SELECT pg_create_logical_replication_slot($1, 'test_decoding')`, [given.options.slot]);
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'slot-foreign',
      section: '#slots',
      message: expect.stringContaining('test_decoding'),
    });
  });

  it('W11: a slot that stays, without Redis: it is neither dropped nor its watch\u2019s, whenever it comes, until somebody drops it', async () => {
    await using given = await givenUpstream(server, { plugin: 'pgoutput', temporarySlot: true });
    const { slot } = given.options;
    const standing = async () =>
      (await given.sql.query('SELECT temporary FROM pg_replication_slots WHERE slot_name = $1', [slot])).rows;
    // It has come since this one has looked: the other exporter has made it meanwhile.
    const early = await given.connect();
    await given.sql.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
    await expect(early.seed(request, new SeedRecorder())).rejects.toMatchObject({ kind: 'slot-foreign' });
    await early.close();
    const refusal = {
      kind: 'slot-foreign',
      message: expect.stringMatching(/permanent one, confirmed up to [0-9A-F]+\//),
    };
    await expect(given.connect()).rejects.toMatchObject(refusal);
    expect((await inspectPostgres(given.options, signal)).failures).toMatchObject([refusal]);
    await given.sql.query("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 65536))");
    const watch = given.upstream().watchSlot();
    expect((await watch.look()).slot).toBeNull();
    expect(await watch.drop(1, { endHolder: true })).toBe('kept');
    await watch.close();
    expect(await standing()).toEqual([{ temporary: false }]);
    // The way from Redis to memory is one step.
    await given.sql.query('SELECT pg_drop_replication_slot($1)', [slot]);
    const session = await given.connect();
    await session.seed(request, new SeedRecorder());
    expect(await standing()).toEqual([{ temporary: true }]);
  });

  it('the slot of auto keeps its plugin, and pgoutput is taken where wal2json is not allowed', async () => {
    await using given = await givenUpstream(server);
    await using session = Object.assign(await given.connect(), { [Symbol.asyncDispose]: async () => undefined });
    expect(session.facts.plugin).toBe('wal2json');
    expect(session.facts.warnings.join()).not.toContain('REPLICATION_PLUGIN');
    await session.close();
    await given.sql.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [given.options.slot]);
    expect((await given.connect()).facts.plugin).toBe('pgoutput');
  });
});

describe('wal2json beside publications that stand', () => {
  it('is warned of where auto has taken it, not where it is asked for', async () => {
    await using given = await givenUpstream(server);
    const pgoutput = await given.connect({ plugin: 'pgoutput' });
    await pgoutput.seed(request, new SeedRecorder());
    await pgoutput.dropSlot();
    await pgoutput.close();
    const warnings = async (plugin: 'auto' | 'wal2json') =>
      (await inspectPostgres({ ...given.options, plugin }, signal)).warnings.join();
    expect(await warnings('auto')).toMatch(/has taken wal2json: whole rows travel.* REPLICATION_PLUGIN=pgoutput uses/);
    expect(await warnings('wal2json')).not.toContain('REPLICATION_PLUGIN');
  });
});

describe('servers that are not set up', () => {
  it.each([
    [
      { wal_level: 'replica' },
      {
        kind: 'wal-level',
        section: '#wal_level',
        remedy: expect.stringContaining("ALTER SYSTEM SET wal_level = 'logical';"),
      },
    ],
    [
      { max_replication_slots: '1' },
      {
        kind: 'slots-exhausted',
        section: '#slots',
        message: expect.stringContaining('all 1 replication slots are in use'),
      },
    ],
    [
      { max_wal_senders: '0', max_replication_slots: '4' },
      { kind: 'slots-exhausted', remedy: expect.stringContaining('max_wal_senders') },
    ],
  ] as const)('%j', async (settings, failure) => {
    await using other = await startPostgres({ flavor: 'debian-15', settings });
    await using given = await givenUpstream(other);
    if ('max_replication_slots' in settings && settings.max_replication_slots === '1') {
      await given.sql.query(`SELECT pg_create_physical_replication_slot('taken')`);
    }
    await expect(given.connect()).rejects.toMatchObject(failure);
  });

  it('is told at once, with what its tables lack', async () => {
    await using other = await startPostgres({ flavor: 'debian-15', settings: { wal_level: 'replica' } });
    await using given = await givenUpstream(other, { plugin: 'pgoutput' });
    await given.sql.query('ALTER TABLE "LiteLLM_SpendLogs" DROP COLUMN total_tokens');
    await given.sql.query(`CREATE ROLE reader LOGIN PASSWORD 'of the role'`);
    await expect(given.connect({ user: 'reader', password: 'of the role' })).rejects.toMatchObject({
      kind: 'wal-level',
      message: expect.stringMatching(/wal_level is "replica".*may not start replication.*lacks "total_tokens"/),
    });
  });

  it('wal2json is not allowed: its remedy works as it is printed, and auto takes pgoutput', async () => {
    await using other = await startPostgres({ flavor: 'debian-15', settings: {} });
    await using given = await givenUpstream(other);
    const plugins = async (): Promise<string | null> => {
      const { rows } = await given.sql.query("SELECT current_setting('output_plugin_libraries', true) AS names");
      return rows[0].names;
    };
    // Minor releases before August 2026 load every plugin that is installed and don't know the setting.
    if ((await plugins()) === null) {
      expect((await inspectPostgres(given.options, signal)).plugin).toBe('wal2json');
      return;
    }
    await given.sql.query("ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding'");
    await given.sql.query('SELECT pg_reload_conf()');
    const allowed = async (): Promise<boolean> => (await plugins())?.includes('wal2json') === true;
    await awaitUntil(async () => !(await allowed()));
    expect((await inspectPostgres(given.options, signal)).plugin).toBe('pgoutput');
    const refused = await given.connect({ plugin: 'wal2json' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: 'plugin-refused', section: '#wal2json' });
    const [alter, reload] = (refused as { remedy: string }).remedy.split('; ');
    await given.sql.query(alter!);
    await given.sql.query(reload!.split(';')[0]!);
    await awaitUntil(allowed);
    const session = await given.connect({ plugin: 'wal2json' });
    await session.seed(request, new SeedRecorder());
    await session.close();
    await given.sql.query("ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding'");
    await given.sql.query('SELECT pg_reload_conf()');
    await awaitUntil(async () => !(await allowed()));
    await expect(given.connect()).rejects.toMatchObject({
      kind: 'plugin-refused',
      message: expect.stringContaining('output_plugin_libraries'),
    });
  });

  it('the embedded server has no wal2json', async () => {
    await using other = await startPostgres({ flavor: 'embedded-18' });
    await using given = await givenUpstream(other);
    await expect(given.connect({ plugin: 'wal2json' })).rejects.toMatchObject({
      kind: 'plugin-refused',
      message: expect.stringContaining('does not have the plugin'),
    });
    expect((await given.connect()).facts.plugin).toBe('pgoutput');
  });
});
