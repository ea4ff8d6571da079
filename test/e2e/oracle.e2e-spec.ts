import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SimulatorOptions, StepKind } from '../../apps/simulator/src/index.js';
import { contractFamilies } from '../oracle/contract.js';
import { Scene } from '../oracle/scene.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

jest.setTimeout(180_000);

/** With more rounds each has a seed of its own, and every single step is compared. */
const rounds = Number(process.env.ORACLE_ROUNDS ?? 1);
const seed = process.env.ORACLE_SEED ?? String(Date.now() % 1_000_000);

interface Combination {
  readonly flavor: PostgresFlavor;
  readonly plugin: 'wal2json' | 'pgoutput';
  readonly store: 'Redis' | 'memory';
  readonly form: string;
  readonly simulator: SimulatorOptions;
}

const combinations: readonly Combination[] = [
  { flavor: 'debian-15', plugin: 'wal2json', store: 'Redis', form: 'tables of today', simulator: {} },
  {
    flavor: 'debian-15',
    plugin: 'wal2json',
    store: 'memory',
    form: 'tables of early 2025, columns in any order',
    simulator: { shape: 'early-2025', columnOrder: 'shuffled' },
  },
  {
    flavor: 'debian-15',
    plugin: 'pgoutput',
    store: 'memory',
    form: 'tables of early 2025',
    simulator: { shape: 'early-2025' },
  },
  {
    flavor: 'embedded-18',
    plugin: 'pgoutput',
    store: 'Redis',
    form: 'another schema, partitions, columns in any order',
    simulator: { schema: 'lite"LLM', partitioned: true, columnOrder: 'shuffled' },
  },
  {
    flavor: 'embedded-18',
    plugin: 'pgoutput',
    store: 'memory',
    form: 'times with zone',
    simulator: { timestamps: 'timestamptz' },
  },
  {
    flavor: 'debian-15',
    plugin: 'wal2json',
    store: 'memory',
    form: 'another schema, partitions, times with zone',
    simulator: { schema: 'litellm_x', partitioned: true, timestamps: 'timestamptz' },
  },
];

const cases: Readonly<Record<string, readonly StepKind[]>> = {
  'names that change, teams that move to another organization': [
    'renameTeam',
    'renameKey',
    'renameUser',
    'renameOrganization',
    'moveTeam',
    'moveTeam',
    'moveKey',
    'createTeam',
    'createUser',
    'createOrganization',
    'changeMembers',
    'deleteTeam',
    'deleteUser',
  ],
  'keys that are rotated, deleted, blocked, made and expire': [
    'rotateKey',
    'rotateKey',
    'rotateKey',
    'deleteKey',
    'deleteKey',
    'createKey',
    'blockKey',
    'expireKey',
    'expireKey',
  ],
  'budgets that are changed and reset, people and projects that are blocked': [
    'resetBudget',
    'resetTier',
    'changeBudget',
    'assignBudget',
    'createBudget',
    'resetAllSpend',
    'blockTeam',
    'blockEndUser',
    'blockEndUser',
    'blockProject',
  ],
  'models that come and go': ['addModel', 'deleteModel', 'changeModels', 'changeModels'],
  'rows late by hours, of the future, with 50 tags, without values, with a spend of NaN, with 5 MB': [
    'lateRows',
    'futureRows',
    'manyTags',
    'emptyValues',
    'strangeSpend',
    'hugeRow',
    'inventedRows',
    'duplicateRows',
  ],
  'transactions within transactions, rolled back, large': [
    'rolledBackRows',
    'savepointRows',
    'interleavedTransactions',
    'largeTransaction',
  ],
  'tables that get columns, indexes and partitions': [
    'addColumn',
    'addColumn',
    'rebuildIndex',
    'addPartition',
    'dropPartition',
  ],
  'spend logs that are rewritten and deleted, and tables that are emptied': [
    'updateMetadata',
    'retentionDelete',
    'truncateEndUsers',
    'truncateSpendLogs',
  ],
};

describe(`every family of /metrics is what SQL makes of the database (ORACLE_SEED=${seed})`, () => {
  const servers = new Map<PostgresFlavor, PostgresServer>();
  let redis: RedisServer;

  beforeAll(async () => {
    for (const flavor of ['debian-15', 'embedded-18'] as const) {
      servers.set(flavor, await startPostgres({ flavor, requires: { track_commit_timestamp: 'on' } }));
    }
    redis = await startRedis();
  });

  afterAll(async () => {
    for (const server of [...servers.values(), redis]) await server?.[Symbol.asyncDispose]();
  });

  for (let round = 1; round <= rounds; round += 1) {
    describe.each(combinations)(
      `round ${round}: $flavor, $plugin, $store, $form`,
      ({ flavor, plugin, store, simulator }) => {
        const name = `${seed}-${round}`;
        let scene: Scene;

        /** Steps with traffic in between, compared after each in long runs and at the end in short ones. */
        const play = async (kinds: readonly StepKind[]): Promise<void> => {
          for (const kind of kinds) {
            await scene.step(kind);
            await scene.rows(8);
            if (rounds > 1) await scene.agree();
          }
          await scene.agree();
        };

        beforeAll(async () => {
          const env: Record<string, string> = { REPLICATION_PLUGIN: plugin };
          if (store === 'Redis') Object.assign(env, { REDIS_URL: redis.url });
          scene = await Scene.open({
            server: servers.get(flavor) as PostgresServer,
            env,
            simulator: { ...simulator, seed: name },
          });
          await scene.simulator.writeHistory({ rows: 2_000, days: 33 });
          for (const kind of ['rotateKey', 'rotateKey', 'emptyValues', 'strangeSpend', 'manyTags'] as const) {
            await scene.step(kind);
          }
          await scene.rows(200);
          await scene.flush();
          await scene.startFirst();
        });

        afterAll(async () => {
          await scene?.[Symbol.asyncDispose]();
        });

        it('after the seed, with counters at 0', async () => {
          const { scrape } = await scene.agree();
          for (const { name: family, labels } of await scene.oracle.shownAtZero()) {
            expect([family, labels, scrape.value(family, labels)]).toEqual([family, labels, 0]);
          }
        });

        it('after random traffic and whatever happens by itself', async () => {
          for (let count = 0; count < 12; count += 1) {
            await scene.rows(scene.simulator.drawBatch({ min: 1, max: 60 }));
            await scene.step();
            if (count % 4 === 3) await scene.flush();
          }
          await scene.agree();
        });

        it.each(Object.entries(cases))('after %s', (_, kinds) => play(kinds));

        it('and none of the families was compared with nothing', () => {
          const unseen = Object.keys(contractFamilies).filter((family) => !scene.seen.has(family));
          const lacking = simulator.shape === 'early-2025' ? ['litellm_soft_budget'] : [];
          expect(unseen.filter((family) => !lacking.includes(family))).toEqual([]);
        });
      },
    );
  }
});
