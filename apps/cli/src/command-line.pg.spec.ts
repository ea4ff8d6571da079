import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { runCommand } from './command-line.js';

let server: PostgresServer;
let sql: pg.Client;

beforeAll(async () => {
  server = await startPostgres({ flavor: 'embedded-18' });
  sql = new pg.Client(server.url());
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await server?.[Symbol.asyncDispose]();
});

async function run(words: readonly string[], env: Record<string, string>) {
  const lines: string[] = [];
  const code = await runCommand(words, { env, print: (line) => lines.push(line) });
  return { code, text: lines.join('\n') };
}

describe('slot drop', () => {
  it('drops the slot that the settings name by default', async () => {
    await sql.query("SELECT pg_create_logical_replication_slot('litellm_exporter_postgres', 'pgoutput')");
    const { code, text } = await run(['slot', 'drop'], { DATABASE_URL: server.url() });
    expect([code, text]).toEqual([0, expect.stringContaining('slot litellm_exporter_postgres of 127.0.0.1')]);
    expect((await sql.query('SELECT FROM pg_replication_slots')).rowCount).toBe(0);
  });

  it('succeeds where there is nothing to drop', async () => {
    const { code, text } = await run(['slot', 'drop'], { DATABASE_URL: server.url(), REPLICATION_SLOT: 'other' });
    expect([code, text]).toEqual([0, expect.stringContaining('has no slot other')]);
  });

  const unreachable = { DATABASE_URL: 'postgresql://me:hunter2@127.0.0.1:1/litellm' };

  it('fails, and names the statement, where the server does not answer', async () => {
    const { code, text } = await run(['slot', 'drop', '--wait', '1'], unreachable);
    expect(code).toBe(1);
    expect(text).toContain("SELECT pg_drop_replication_slot('litellm_exporter_litellm');");
    expect(text).not.toContain('hunter2');
  });

  it('tells the same and succeeds with --best-effort', async () => {
    expect((await run(['slot', 'drop', '--wait', '1', '--best-effort'], unreachable)).code).toBe(0);
  });
});
