import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { Run } from './run.js';
import { Simulator, type SimulatorOptions } from './simulator.js';
import { stepKinds } from './steps/all-steps.js';

const NOW = Date.parse('2026-11-01T12:00:00Z');

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ flavor: 'debian-15' });
}, 60_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** A simulator over an empty database of its own. */
async function simulatorOf(
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; pool: pg.Pool } & AsyncDisposable> {
  const pool = new pg.Pool({ connectionString: server.url(await server.createDatabase()), max: 3 });
  const simulator = new Simulator(pool, options);
  await simulator.createTables();
  await simulator.seedWorld();
  return { simulator, pool, [Symbol.asyncDispose]: () => pool.end() };
}

const count = async ({ simulator, pool }: { simulator: Simulator; pool: pg.Pool }, table: string): Promise<number> =>
  Number((await pool.query(`SELECT count(*) AS rows FROM ${simulator.database.table(table)}`)).rows[0].rows);

const shapes: readonly SimulatorOptions[] = [
  { shape: 'current' },
  { shape: 'early-2025' },
  { shape: 'current', partitioned: true, partitionDays: 3, schema: 'my "Schema"' },
  { shape: 'early-2025', columnOrder: 'shuffled', timestamps: 'timestamptz', seed: 'other' },
  { shape: 'current', partitioned: true, partitionDays: 1, timestamps: 'timestamptz', columnOrder: 'shuffled' },
];

describe('a simulator on PostgreSQL', () => {
  it.each(shapes)(
    'makes the tables and writes 5,000 rows: %j',
    async (options) => {
      await using made = await simulatorOf({ ...options, now: NOW });
      const { simulator } = made;
      expect(await simulator.writeRows(5_000)).toBe(5_000);
      expect(await count(made, 'LiteLLM_SpendLogs')).toBe(5_000);
      expect(await simulator.flushSpend()).toBeGreaterThan(20);
      expect(await count(made, 'LiteLLM_VerificationToken')).toBe(simulator.world.keys.length);
      expect(await count(made, 'LiteLLM_TeamMembership')).toBe(simulator.world.memberships.length);
      expect(await count(made, 'LiteLLM_EndUserTable')).toBe(simulator.world.endUsers.length);
    },
    60_000,
  );

  it('writes times in UTC, names and JSON as they are in memory, whatever the time zone of the server', async () => {
    await using made = await simulatorOf({ now: NOW, timestamps: 'timestamp' });
    const { simulator, pool } = made;
    const row = simulator.traffic.row({ request_tags: '["in a string"]', spend: Number.NaN, model: 'a "b"\n\\c 🦊' });
    await simulator.write([row]);
    const { rows } = await pool.query(
      `SELECT extract(epoch FROM "startTime") * 1000 AS began, request_tags::text AS tags, spend::text, model
       FROM ${simulator.database.table('LiteLLM_SpendLogs')}`,
    );
    expect(Number(rows[0].began)).toBe(row.startTime);
    expect(rows[0]).toMatchObject({ tags: '"[\\"in a string\\"]"', spend: 'NaN', model: row.model });
    const teams = await pool.query(
      'SELECT team_alias, members_with_roles AS members FROM "LiteLLM_TeamTable" ORDER BY team_id',
    );
    const expected = [...simulator.world.teams].sort((a, b) => (a.team_id < b.team_id ? -1 : 1));
    expect(new Set(teams.rows.map((team) => team.team_alias))).toEqual(
      new Set(expected.map((team) => team.team_alias)),
    );
  });

  it('commits batches of the size asked for, each in a transaction of its own', async () => {
    await using made = await simulatorOf({ now: NOW });
    await made.simulator.writeRows(500, { min: 20, max: 60 });
    const { rows } = await made.pool.query('SELECT count(*)::int AS rows FROM "LiteLLM_SpendLogs" GROUP BY xmin::text');
    const sizes = rows.map((row) => row.rows).sort((a: number, b: number) => a - b);
    expect(sizes.length).toBeGreaterThanOrEqual(9);
    expect(sizes.slice(1).every((size: number) => size >= 20 && size <= 60)).toBe(true);
  });

  it.each([
    ['current', false],
    ['current', true],
    ['early-2025', false],
  ] as const)(
    'does every kind of step (%s, partitioned %s)',
    async (shape, partitioned) => {
      await using made = await simulatorOf({ shape, partitioned, partitionDays: 5, now: NOW });
      const { simulator } = made;
      await simulator.writeRows(300);
      for (const kind of stepKinds) {
        const before = await count(made, 'LiteLLM_SpendLogs');
        const result = await simulator.step(kind);
        expect(result.summary).not.toBe('');
        const inserted = (await count(made, 'LiteLLM_SpendLogs')) - before;
        if (!/retention|truncate|dropPartition|convert/.test(kind))
          expect([kind, result.rows]).toEqual([kind, inserted]);
      }
      await simulator.writeRows(100);
      await simulator.flushSpend();
    },
    120_000,
  );

  it('survives hundreds of random steps, and the world in memory stays that of the database', async () => {
    await using made = await simulatorOf({ seed: 5, now: NOW });
    const { simulator, pool } = made;
    for (let index = 0; index < 300; index += 1) await simulator.step();
    const keys = await pool.query(
      'SELECT token, key_alias, blocked, team_id, max_budget, budget_id FROM "LiteLLM_VerificationToken" ORDER BY token',
    );
    const expected = [...simulator.world.keys]
      .sort((a, b) => (a.token < b.token ? -1 : 1))
      .map(({ token, key_alias, blocked, team_id, max_budget, budget_id }) => ({
        token,
        key_alias,
        blocked,
        team_id,
        max_budget,
        budget_id,
      }));
    expect(keys.rows).toEqual(expected);
    const teams = await pool.query('SELECT team_id, team_alias, organization_id, blocked FROM "LiteLLM_TeamTable"');
    const ofTeams = simulator.world.teams.map(({ team_id, team_alias, organization_id, blocked }) => ({
      team_id,
      team_alias,
      organization_id,
      blocked,
    }));
    expect(new Set(teams.rows.map((row) => JSON.stringify(row)))).toEqual(
      new Set(ofTeams.map((row) => JSON.stringify(row))),
    );
    expect(await count(made, 'LiteLLM_TeamMembership')).toBe(simulator.world.memberships.length);
    expect(await count(made, 'LiteLLM_DeprecatedVerificationToken')).toBeGreaterThan(0);
    expect(await count(made, 'LiteLLM_DeletedVerificationToken')).toBeGreaterThan(0);
  }, 120_000);

  it('rotates a key by changing its primary key, spend and alias untouched', async () => {
    await using made = await simulatorOf({ now: NOW });
    const before = new Map(made.simulator.world.keys.map((key) => [key.token, key.key_alias]));
    await made.simulator.step('rotateKey');
    const rotated = made.simulator.world.keys.find((key) => !before.has(key.token));
    const { rows } = await made.pool.query(
      'SELECT spend, key_alias FROM "LiteLLM_VerificationToken" WHERE token = $1',
      [rotated?.token],
    );
    expect(rows).toEqual([{ spend: rotated?.spend, key_alias: rotated?.key_alias }]);
    expect(await count(made, 'LiteLLM_VerificationToken')).toBe(before.size);
  });

  it('leaves equal databases behind for one seed and one clock, however many writers race', async () => {
    const digest = async (writers: number): Promise<string> => {
      await using made = await simulatorOf({ seed: 9, now: NOW });
      const { simulator, pool } = made;
      const run = new Run(simulator, {
        rate: 0,
        rows: 2_000,
        batch: { min: 1, max: 200 },
        writers,
        flushEvery: 0.5,
        stepEvery: 0.1,
        signal: new AbortController().signal,
      });
      await run.toEnd();
      expect(run.totals.steps).toBeGreaterThan(5);
      const { rows } = await pool.query(
        `SELECT md5(string_agg(l::text, '' ORDER BY request_id)) AS logs,
           (SELECT md5(string_agg(token || coalesce(key_alias, '-') || spend, '' ORDER BY token)) FROM "LiteLLM_VerificationToken") AS keys,
           (SELECT md5(string_agg(user_id || spend, '' ORDER BY user_id)) FROM "LiteLLM_EndUserTable") AS end_users
         FROM "LiteLLM_SpendLogs" AS l`,
      );
      return JSON.stringify(rows[0]);
    };
    const alone = await digest(1);
    expect(await digest(3)).toBe(alone);
    expect(await digest(3)).toBe(alone);
  }, 120_000);

  it('adds to entities what their rows cost, touches those that cost nothing, and makes end users', async () => {
    await using made = await simulatorOf({ now: NOW });
    const { simulator, pool } = made;
    const key = simulator.world.keys[0];
    await simulator.writeBatch(4, { api_key: key?.token ?? '', spend: 0.25, end_user: 'never seen before' });
    await simulator.writeBatch(1, { api_key: simulator.world.keys[1]?.token ?? '', spend: 0 });
    await simulator.flushSpend();
    const spent = await pool.query('SELECT spend FROM "LiteLLM_VerificationToken" WHERE token = $1', [key?.token]);
    expect(spent.rows[0].spend).toBeCloseTo((key?.spend ?? 0) + 1, 9);
    const touched = await pool.query('SELECT 1 FROM "LiteLLM_VerificationToken" WHERE last_active IS NOT NULL');
    expect(touched.rowCount).toBe(2);
    const endUser = await pool.query(`SELECT spend FROM "LiteLLM_EndUserTable" WHERE user_id = 'never seen before'`);
    expect(endUser.rows).toEqual([{ spend: 1 }]);
  });

  it.each<SimulatorOptions>([
    {},
    { shape: 'early-2025', partitioned: true, partitionDays: 4, timestamps: 'timestamptz' },
  ])(
    'fills days of history evenly, and puts the indexes back (%j)',
    async (options) => {
      await using made = await simulatorOf({ ...options, now: NOW });
      const { simulator, pool } = made;
      const indexes = 'SELECT count(*)::int AS indexes FROM pg_indexes WHERE tablename = $1';
      const before = await pool.query(indexes, ['LiteLLM_SpendLogs']);
      const result = await simulator.writeHistory({ rows: 20_000, days: 4, rowsPerTransaction: 6_000 });
      expect(result.rows).toBe(20_000);
      const days = await pool.query(
        `SELECT count(*)::int AS rows FROM "LiteLLM_SpendLogs" GROUP BY floor(extract(epoch FROM "startTime") / 86400)`,
      );
      expect(days.rows.length).toBe(5);
      expect(Math.max(...days.rows.map((row) => row.rows))).toBeLessThanOrEqual(5_001);
      const { rows } = await pool.query(
        `SELECT bool_and("endTime" >= "startTime") AS ordered, count(DISTINCT request_id)::int AS ids,
           count(DISTINCT model)::int AS models, max(extract(epoch FROM "startTime")) <= $1 AS past FROM "LiteLLM_SpendLogs"`,
        [NOW / 1_000],
      );
      expect(rows[0]).toMatchObject({ ordered: true, ids: 20_000, past: true });
      expect(rows[0].models).toBeGreaterThan(5);
      expect((await pool.query(indexes, ['LiteLLM_SpendLogs'])).rows).toEqual(before.rows);
      expect(await simulator.writeRows(10)).toBe(10);
    },
    60_000,
  );

  it('keeps to the rate asked for and ends when told to', async () => {
    await using made = await simulatorOf();
    const stop = new AbortController();
    const began = performance.now();
    const options = {
      rate: 200,
      rows: Number.POSITIVE_INFINITY,
      batch: { min: 10, max: 40 },
      writers: 1,
      flushEvery: 5,
      stepEvery: 0,
    };
    const run = new Run(made.simulator, { ...options, signal: stop.signal });
    const ended = run.toEnd();
    while (run.totals.rows < 200) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await ended;
    const seconds = (performance.now() - began) / 1_000;
    expect(seconds).toBeGreaterThan(0.9);
    expect(run.totals.entityUpdates).toBeGreaterThan(0);
    expect(await count(made, 'LiteLLM_SpendLogs')).toBe(run.totals.rows);
  }, 60_000);

  it('works over a single connection too', async () => {
    const client = new pg.Client({ connectionString: server.url(await server.createDatabase()) });
    await client.connect();
    try {
      const simulator = new Simulator(client, { now: NOW });
      await simulator.createTables();
      await simulator.seedWorld();
      expect((await simulator.step('interleavedTransactions')).rows).toBe(30);
      await expect(simulator.createTables()).rejects.toThrow('already exists');
      expect(await simulator.writeRows(50)).toBe(50);
    } finally {
      await client.end();
    }
  });
});
