import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type ExporterProcess, startApp, startExporter } from '../support/exporter-process.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { isForOwner, read, sqlUnder } from './markdown.js';

const setup = read('POSTGRES_SETUP.md');

/** The five steps of README.md, "Install", as somebody takes them whose LiteLLM has a role of its own. */
describe('installing as README.md says', () => {
  let server: PostgresServer;
  let database: string;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startPostgres({ flavor: 'debian-15', settings: {} });
    database = await server.createDatabase();
    admin = new pg.Client(server.url(database));
    await admin.connect();
    await admin.query(`CREATE ROLE litellm LOGIN PASSWORD 'litellm'; GRANT CREATE ON DATABASE ${database} TO litellm`);
    await admin.query('GRANT ALL ON SCHEMA public TO litellm');
    const url = `postgresql://litellm:litellm@${server.host}:${server.port}/${database}`;
    const rows = ['--history-rows', '500', '--history-days', '20', '--rows', '0'];
    const simulator = startApp({ app: 'simulator', argv: ['--database-url', url, '--create', ...rows] });
    const { code } = await simulator.ended;
    if (code !== 0) throw new Error(simulator.logs.join('\n'));
  });

  afterAll(async () => {
    await admin?.end();
    await server?.[Symbol.asyncDispose]();
  });

  async function start(env: Readonly<Record<string, string>>): Promise<ExporterProcess> {
    const url = `postgresql://litellm_exporter:choose-a-password@${server.host}:${server.port}/${database}`;
    return startExporter({ env: { DATABASE_URL: url, ...env } });
  }

  it('before anything is prepared, the exporter says what is missing, and where that is explained', async () => {
    await admin.query(sqlUnder(setup, 'Role')[0] ?? '');
    await using exporter = await start({ REPLICATION_PLUGIN: 'pgoutput' });
    await exporter.awaitLog(/GRANT SELECT/, 20_000);
    const said = exporter.logs.join('\n');
    expect(said).toMatch(/CREATE PUBLICATION "litellm_exporter" FOR TABLE\s+"public"\."LiteLLM_SpendLogs"/);
    expect(said).not.toContain('choose-a-password');
  });

  it('after the statements of POSTGRES_SETUP.md it is ready, and says what the table holds', async () => {
    const [, ...statements] = sqlUnder(setup, 'Role');
    for (const statement of [...statements, ...sqlUnder(setup, 'Publication')]) {
      await admin.query(isForOwner(statement) ? 'SET ROLE litellm' : 'RESET ROLE');
      await admin.query(statement);
    }
    await admin.query('RESET ROLE');
    await using exporter = await start({ REPLICATION_PLUGIN: 'pgoutput' });
    await exporter.awaitReady(30_000);
    const scrape = await exporter.scrape();
    const { rows } = await admin.query('SELECT sum(spend) AS spend FROM "LiteLLM_SpendLogs"');
    const spend = scrape.samples('litellm_total_spend').reduce((sum, sample) => sum + sample.value, 0);
    expect(spend).toBeCloseTo(Number(rows[0].spend), 6);
  });
});
