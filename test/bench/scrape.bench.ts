/**
 * How long one scrape of 120,000 series takes, beside prom-client's rendering of the same series:
 * `npm run bench:scrape`. Figures depend on the machine; the ratio is what matters.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ALL_FAMILIES, StateRenderer } from '@app/metrics';
import { Gauge, Registry } from 'prom-client';
import { type FakeSeries, FakeState, team, user } from '../support/fake-state.js';

const USERS = 2_000;
const MODELS = 25;
const ROUNDS = 11;

function series(owner: (at: number) => string[], count: number): FakeSeries[] {
  return Array.from({ length: count }, (_, at) => [owner(at), 3, Math.random() * 100] as const);
}

function bigState(): FakeState {
  const entities = [
    ...Array.from({ length: USERS }, (_, at) => user(`user-${at}@example.com`, { userAlias: `User number ${at}` })),
    ...Array.from({ length: 400 }, (_, at) => team(`team-${at}`, { teamAlias: `Team "${at}"` })),
  ];
  const model = (at: number) => `provider/model-${at % MODELS}`;
  const byUser = (at: number) => [`user-${Math.floor(at / MODELS)}@example.com`, model(at)];
  return new FakeState({
    entities,
    series: {
      spend_by_user: series(byUser, USERS * MODELS),
      rate_by_user: series(byUser, 20_000),
      spend_by_team: series((at) => [`team-${Math.floor(at / MODELS)}`, '', model(at)], 400 * MODELS),
      spend_by_tag: series((at) => [`feature:some-tag-${at}`], 20_000),
    },
  });
}

const FAMILIES = ALL_FAMILIES.filter(({ name }) =>
  [
    'litellm_user_spend',
    'litellm_team_spend',
    'litellm_tag_spend',
    'litellm_current_tpm',
    'litellm_current_rpm',
  ].includes(name),
);

function promClientTwin(state: FakeState): Registry {
  const registry = new Registry();
  const twin = (name: string, labelNames: string[]) =>
    new Gauge({ name, help: 'Help.', labelNames, registers: [registry] });
  const userSpend = twin('litellm_user_spend', ['user_id', 'user_alias', 'model']);
  const teamSpend = twin('litellm_team_spend', ['team_id', 'team_alias', 'model']);
  const tagSpend = twin('litellm_tag_spend', ['tag']);
  const entity = ['model', 'entity_type', 'entity_id', 'entity_alias'];
  const tpm = twin('litellm_current_tpm', entity);
  const rpm = twin('litellm_current_rpm', entity);
  for (const one of state.series('spend_by_user')) {
    const [id, model] = one.key as [string, string];
    userSpend.set({ user_id: id, user_alias: state.entities.get('user', id)!.userAlias, model }, one.sum(0));
  }
  for (const one of state.series('spend_by_team')) {
    const [id, , model] = one.key as [string, string, string];
    teamSpend.set({ team_id: id, team_alias: state.entities.get('team', id)!.teamAlias, model }, one.sum(0));
  }
  for (const one of state.series('spend_by_tag')) tagSpend.set({ tag: one.key[0]! }, one.sum(0));
  for (const one of state.series('rate_by_user')) {
    const [id, model] = one.key as [string, string];
    const alias = state.entities.get('user', id)!.userAlias;
    const labels = { model, entity_type: 'user', entity_id: id, entity_alias: alias };
    tpm.set(labels, one.sum(0));
    rpm.set(labels, one.rows);
  }
  return registry;
}

/** Processor time counts, not time on the clock: other work on the machine must not change the ratio. */
async function measured(name: string, render: (round: number) => Promise<number>): Promise<number> {
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 2) delay.enable();
    const started = process.cpuUsage();
    bytes = await render(round);
    const { user: inUser, system } = process.cpuUsage(started);
    times.push((inUser + system) / 1000);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  delay.disable();
  const median = times.slice(2).sort((one, other) => one - other)[(ROUNDS - 2) >> 1] as number;
  const figures = [
    `${(bytes / 1e6).toFixed(1)} MB`,
    `first ${times[0]?.toFixed(0)} ms`,
    `median ${median.toFixed(0)} ms of processor`,
    `longest stall ${(delay.max / 1e6).toFixed(0)} ms`,
  ];
  console.log(`${name.padEnd(24)} ${figures.join(', ')}`);
  return median;
}

const states = [bigState(), bigState()] as const;
const settings = { families: FAMILIES, maxSeries: 0 };
const still = new StateRenderer(settings);
const moving = new StateRenderer(settings);
const registry = promClientTwin(states[0]);
const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
console.log(`${lines} series`);
const unchanged = await measured('same values', async () => (await still.render(states[0], 'text')).length);
const changed = await measured('every value new', async (round) => {
  const state = states[round % 2] as FakeState;
  return (await moving.render(state, 'text')).length;
});
const theirs = await measured('prom-client', async () => Buffer.from(await registry.metrics()).length);
console.log(`1/${(theirs / unchanged).toFixed(1)} and 1/${(theirs / changed).toFixed(1)} of prom-client`);
await measured('same values, gzip', async () => {
  const rendered = await still.render(states[0], 'text');
  return (await rendered.deflated()).chunks.reduce((sum, { length }) => sum + length, 0);
});
