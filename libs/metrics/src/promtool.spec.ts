import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../test/support/exposition.js';
import {
  budget,
  endUser,
  FAKE_CLOCK,
  FakeState,
  key,
  model,
  organization,
  project,
  tag,
  team,
  teamMember,
  user,
} from '../../../test/support/fake-state.js';
import { processText } from './exposition/process-text.js';
import { StateRenderer } from './exposition/render.js';
import { ALL_FAMILIES } from './families/all-families.js';
import { MISNAMED_KEPT } from './reference.js';
import { SelfMetrics } from './self-metrics.js';

const NASTY = 'quo"te, back\\slash,\nnew line, 🦙, {brace}';

/** A state in which every family has series. */
const FULL = new FakeState({
  entities: [
    budget('b', {
      maxBudget: 9,
      softBudget: 8,
      tpmLimit: 7,
      rpmLimit: 6,
      maxParallelRequests: 5,
      budgetResetAt: FAKE_CLOCK + 1,
    }),
    user('u', { userAlias: NASTY, maxBudget: 0 }),
    team('t', { teamAlias: NASTY, organizationId: 'o', blocked: true, softBudget: 3 }),
    organization('o', { organizationAlias: NASTY, budgetId: 'b' }),
    key('k', {
      keyName: 'sk-...1',
      keyAlias: NASTY,
      userId: 'u',
      budgetId: 'b',
      models: ['a'],
      expires: FAKE_CLOCK + 1,
    }),
    endUser('u', { alias: NASTY, budgetId: 'b', blocked: true }),
    teamMember('t', 'u', { budgetId: 'b' }),
    project('p', { projectAlias: NASTY, budgetId: 'b', blocked: true }),
    tag(NASTY, { budgetId: 'b' }),
    model('1', { modelName: NASTY, baseModel: NASTY, mode: 'chat' }),
  ],
  series: {
    spend_by_model: [[['m'], 1, 1, 2, 3, 4]],
    spend_by_user: [[['u', 'm'], 1, 1]],
    spend_by_team: [[['t', '', 'm'], 1, 1]],
    spend_by_tag: [[[NASTY], 1, 1]],
    spend_by_key: [[['k'], 1, 1]],
    traffic_model: [[['', NASTY, 'm', 'openai'], 1]],
    model_group: [[[NASTY], 1]],
    requests: [[['m', 'success'], 1]],
    cache: [
      [['m', 'hit'], 1],
      [['m', 'miss'], 1],
    ],
    errors: [[['m', 'E'], 1]],
    rate_by_user: [[['u', 'm'], 1, 1]],
    rate_by_team: [[['t', '', 'm'], 1, 1]],
    rate_by_key: [[['k', 'm'], 1, 1]],
  },
  counters: {
    key_spend_usd: [{ labels: ['sk-...1', NASTY], value: 1 }],
    changes: [{ labels: ['key', 'update'], value: 1 }],
    seeds: [{ labels: ['first'], value: 1 }],
  },
  figures: {
    seed_duration_seconds: 1,
    seed_completed_timestamp_seconds: 1,
    last_commit_timestamp_seconds: 1,
    replication_lag_bytes: 1,
    replication_lag_seconds: 1,
    durable_lag_bytes: 1,
    spend_logs_silent: 0,
    state_stale: 0,
  },
});

async function fullText(dialect: 'text' | 'openmetrics'): Promise<string> {
  const self = new SelfMetrics({ version: '1.2.3', revision: 'abc' });
  self.dependency('postgres', true);
  self.storeError('store-unavailable');
  self.slot({ retained: 1, confirmedLag: 1, safe: 1, status: 'reserved', limit: 1 });
  const rendered = await new StateRenderer({ families: ALL_FAMILIES, maxSeries: 0 }).render(FULL, dialect);
  return Buffer.concat(rendered.chunks).toString() + processText(await self.read(), dialect);
}

const promtool = spawnSync('promtool', ['--version']).status === 0;

describe('a full answer', () => {
  it('has series of every family, and no value that is not finite', async () => {
    const { families } = parseExposition(await fullText('text'));
    for (const { name } of ALL_FAMILIES) expect([name, families.get(name)?.samples.length]).not.toEqual([name, 0]);
    expect(await fullText('text')).not.toMatch(/ (NaN|[+-]Inf)$/m);
  });

  it('is read by a strict reader of OpenMetrics', async () => {
    const { families } = parseExposition(`${await fullText('openmetrics')}# EOF\n`, 'openmetrics');
    expect(families.size).toBeGreaterThan(ALL_FAMILIES.length);
  });

  (promtool ? it : it.skip)('gives promtool nothing to say but what the kept names force on it', async () => {
    const { stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: await fullText('text') });
    const findings = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    expect(findings.map((line) => line.split(' ')[0]).sort()).toEqual([...MISNAMED_KEPT].sort());
    for (const finding of findings) expect(finding).toMatch(/should not have "_(total|count)" suffix/);
  });
});
