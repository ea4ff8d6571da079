import { setTimeout as pause } from 'node:timers/promises';
import type { Happening, Scenario } from '../scenario.js';
import { terminate } from '../world/postgres-acts.js';
import type { World } from '../world/world.js';

const LOGS = '"LiteLLM_SpendLogs"';
const plugins = ['wal2json', 'pgoutput'] as const;
type Plugin = (typeof plugins)[number];
/** The exporter looks at table and slot every second. */
const env = { METRICS_UPDATE_INTERVAL: '1' };

/** Something that is done to the table while traffic goes on, and must change nothing of what was counted. */
function change(plugin: Plugin, [name, fault]: readonly [string, string], work: (world: World) => Promise<unknown>) {
  return {
    name: `table-${name}-${plugin}`,
    fault: `${fault} (${plugin})`,
    form: 'full',
    needs: { plugin, env },
    within: 20,
    run: async (world: World): Promise<Happening> => {
      await world.traffic.more(60);
      await world.changingSpendLogs(() => work(world));
      await world.traffic.more(60);
      const since = performance.now();
      return { recovery: await world.recovered(since) };
    },
  } satisfies Scenario;
}

const truncated = (plugin: Plugin): Scenario =>
  change(plugin, ['truncated', 'TRUNCATE of the spend logs and of the end users'], async ({ simulator }) => {
    await simulator.step('truncateSpendLogs');
    await simulator.step('truncateEndUsers');
  });

const retention = (plugin: Plugin): Scenario =>
  change(plugin, ['retention', 'a retention job deletes most of the spend logs, in batches'], async (world) => {
    for (let batch = 0; batch < 4; batch += 1) {
      await world.query(
        `DELETE FROM ${LOGS} WHERE request_id IN (SELECT request_id FROM ${LOGS} ORDER BY "startTime" LIMIT 100)`,
      );
    }
  });

const columnDropped = (plugin: Plugin): Scenario =>
  change(
    plugin,
    [
      'column-dropped',
      'a column of the spend logs that the exporter does not read dropped, and added again by the next migration',
    ],
    (world) =>
      world.query(`ALTER TABLE ${LOGS} DROP COLUMN requester_ip_address, ADD COLUMN requester_ip_address text`),
  );

/** LiteLLM's run book. What is written until the exporter has noticed is in no slot: a new seed finds it. */
const converted = (plugin: Plugin): Scenario => ({
  ...change(
    plugin,
    ['partitioned', 'the spend logs renamed to …_legacy, a partitioned table of their name, history copied into it'],
    ({ simulator }) => simulator.step('convertToPartitions'),
  ),
  within: 30,
  seeds: ['other_spend_logs'],
});

const renamed = (plugin: Plugin): Scenario =>
  change(
    plugin,
    ['renamed', 'the spend logs renamed, and back after 4 s; LiteLLM has no table meanwhile'],
    async (world) => {
      await world.query(`ALTER TABLE ${LOGS} RENAME TO "LiteLLM_SpendLogs_elsewhere"`);
      await pause(4_000);
      await world.query(`ALTER TABLE "LiteLLM_SpendLogs_elsewhere" RENAME TO ${LOGS}`);
    },
  );

/** Things that are done to the tables themselves. */
export const tableFaults: readonly Scenario[] = [
  ...plugins.flatMap((plugin) => [
    truncated(plugin),
    retention(plugin),
    columnDropped(plugin),
    converted(plugin),
    renamed(plugin),
  ]),
  {
    ...change(
      'wal2json',
      [
        'read-column-dropped',
        'a column of the spend logs that the exporter reads dropped, and added again by the next migration',
      ],
      (world) =>
        world.query(
          `ALTER TABLE ${LOGS} DROP COLUMN "completionStartTime", ADD COLUMN "completionStartTime" timestamp(3)`,
        ),
    ),
  },
  {
    ...change(
      'pgoutput',
      [
        'unpublished',
        'the spend logs taken out of the publication by DROP COLUMN … CASCADE of a column that is read, which the next migration adds again',
      ],
      (world) =>
        world.query(
          `ALTER TABLE ${LOGS} DROP COLUMN "completionStartTime" CASCADE, ADD COLUMN "completionStartTime" timestamp(3)`,
        ),
    ),
    within: 30,
    seeds: ['schema_changed'],
  },
  {
    name: 'table-unpublished-and-reconnect',
    fault:
      'the spend logs taken out of the publication, and the walsender terminated: what was written between is in no slot',
    form: 'full',
    needs: { plugin: 'pgoutput', env },
    within: 30,
    seeds: ['schema_changed'],
    run: async (world) => {
      await world.traffic.more(60);
      await world.query(`ALTER PUBLICATION litellm_exporter DROP TABLE ${LOGS}`);
      await world.traffic.more(30);
      const since = performance.now();
      await terminate(world, 'walsender');
      return { recovery: await world.recovered(since) };
    },
  },
];
