import { type Checkpoint, type Lsn, lsnOf, type SlotFacts } from '@app/change';
import type { UpstreamFacts } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { decideStart, type SeedReason, type StartSituation } from './start-decision.js';

const SOURCE = { systemId: '7', timeline: 1, database: 'litellm', schema: 'public', spendLogsOid: 16_384 };

const FACTS: UpstreamFacts = {
  source: SOURCE,
  version: 150_020,
  plugin: 'pgoutput',
  slot: 'litellm_exporter_litellm',
  temporarySlot: false,
  inRecovery: false,
  walEnd: lsnOf(1_000n),
  timelineHistory: new Map(),
  tables: {} as UpstreamFacts['tables'],
  schema: { words: 'team@2 team.team_id@1', gaps: [] },
  warnings: [],
};

const GAPPED = { ...FACTS.schema, gaps: ['publication "p" lacks table "LiteLLM_TagTable"'] };

const SLOT: SlotFacts = {
  name: 'litellm_exporter_litellm',
  plugin: 'pgoutput',
  database: 'litellm',
  temporary: false,
  active: false,
  activePid: null,
  restartLsn: lsnOf(400n),
  confirmedFlush: lsnOf(500n),
  walStatus: 'reserved',
  safeWalBytes: null,
  invalidationReason: null,
};

const STORED: Checkpoint = {
  source: SOURCE,
  slot: 'litellm_exporter_litellm',
  plugin: 'pgoutput',
  next: lsnOf(500n),
  commitTime: 0,
};

interface Changes {
  readonly facts?: Partial<UpstreamFacts>;
  readonly source?: Partial<UpstreamFacts['source']>;
  readonly slot?: Partial<SlotFacts> | null;
  readonly stored?: Partial<Checkpoint> | null;
  readonly asked?: SeedReason;
  readonly seededSchema?: string;
  readonly settingsDue?: boolean;
  readonly limit?: number;
  readonly gaveUp?: boolean;
}

function situation({
  facts,
  source,
  slot = {},
  stored = {},
  asked,
  seededSchema,
  limit = 0,
  gaveUp = false,
  settingsDue = false,
}: Changes): StartSituation {
  return {
    facts: { ...FACTS, ...facts, source: { ...SOURCE, ...source } },
    slot: slot === null ? null : { ...SLOT, ...slot },
    stored: stored === null ? null : { ...STORED, ...stored },
    asked: asked ?? null,
    seededSchema: seededSchema ?? null,
    settingsDue,
    limit,
    gaveUp,
  };
}

/** The history of a server: where timeline 1 was left, and those after it. */
const left = (...points: bigint[]): Partial<UpstreamFacts> => ({
  timelineHistory: new Map(points.map((point, place) => [place + 1, lsnOf(point)])),
});
const leftOf = (timeline: number, point: bigint): Partial<UpstreamFacts> => ({
  timelineHistory: new Map([[timeline, lsnOf(point)]]),
});
const at = (position: bigint): { next: Lsn } => ({ next: lsnOf(position) });

/** The rows of the start table, as W4 and W5 have changed it: what is seen, and what is decided. */
const TABLE: readonly (readonly [observation: string, changes: Changes, decision: string])[] = [
  ['stored state and slot meet', {}, 'resume'],
  ['the state is ahead of the slot: what comes again is dropped', { stored: at(900n) }, 'resume'],
  ['the state reaches exactly to the end of the log', { stored: at(1_000n) }, 'resume'],
  ['no state, or one half-written', { stored: null }, 'first'],
  ['no state and no slot', { stored: null, slot: null }, 'first'],
  ['another system', { source: { systemId: '8' } }, 'refuse'],
  ['another system, and an automatic reason to seed', { source: { systemId: '8' }, asked: 'history' }, 'refuse'],
  ['another system, and a seed was asked for', { source: { systemId: '8' }, asked: 'requested' }, 'requested'],
  ['another database of the same system', { source: { database: 'other' } }, 'refuse'],
  ['another schema', { source: { schema: 'other' } }, 'refuse'],
  ['another system, without a slot', { source: { systemId: '8' }, slot: null }, 'refuse'],
  ['another system in recovery', { source: { systemId: '8' }, facts: { inRecovery: true } }, 'wait'],
  ['the server is in recovery', { facts: { inRecovery: true } }, 'wait'],
  ['in recovery, without state', { facts: { inRecovery: true }, stored: null }, 'wait'],
  ['promoted at what was counted last', { source: { timeline: 2 }, facts: left(500n) }, 'resume'],
  ['promoted behind what was counted', { source: { timeline: 2 }, facts: left(700n) }, 'resume'],
  ['promoted before it', { source: { timeline: 2 }, facts: left(499n) }, 'timeline_changed'],
  ['promoted, nobody knows where', { source: { timeline: 2 } }, 'timeline_changed'],
  [
    'promoted twice, both times behind what was counted',
    { source: { timeline: 3 }, facts: left(700n, 800n) },
    'resume',
  ],
  [
    'promoted twice, the first time before it',
    { source: { timeline: 3 }, facts: left(499n, 800n) },
    'timeline_changed',
  ],
  [
    'promoted past us: our timeline is no part of it',
    { source: { timeline: 3 }, facts: leftOf(2, 700n) },
    'timeline_changed',
  ],
  [
    'promoted, counted, and promoted again before that',
    { source: { timeline: 3 }, stored: { source: { ...SOURCE, timeline: 2 } }, facts: left(400n, 499n) },
    'timeline_changed',
  ],
  [
    'an older timeline: restored',
    { stored: { source: { ...SOURCE, timeline: 2 } }, facts: left(700n) },
    'timeline_changed',
  ],
  ['the state is ahead of the server: an older backup', { stored: at(1_001n) }, 'state_ahead_of_server'],
  ['another relation under the name', { source: { spendLogsOid: 2 } }, 'other_spend_logs'],
  ['the slot is gone', { slot: null }, 'slot_absent'],
  ['the slot is gone, because it had lagged too far', { slot: null, gaveUp: true }, 'retained_limit'],
  ['the slot lags as far as it may', { limit: 500 }, 'resume'],
  ['the slot lags further than it may', { limit: 499 }, 'retained_limit'],
  ['the restart position alone lags further than that', { limit: 550 }, 'resume'],
  ['the slot is of another database', { slot: { database: 'other' } }, 'slot_foreign'],
  ['the slot is lost', { slot: { walStatus: 'lost' } }, 'slot_lost'],
  ['the slot holds no log any more', { slot: { restartLsn: null } }, 'slot_lost'],
  ['the slot was invalidated', { slot: { invalidationReason: 'idle_timeout' } }, 'slot_lost'],
  ['the slot is extended or unreserved: still whole', { slot: { walStatus: 'unreserved' } }, 'resume'],
  ['the slot is of another plugin than the state', { slot: { plugin: 'wal2json' } }, 'plugin_changed'],
  ['another plugin is wanted now', { facts: { plugin: 'wal2json' } }, 'plugin_changed'],
  ['the state was made with another plugin', { stored: { plugin: 'wal2json' } }, 'plugin_changed'],
  ['the slot has gone on without us: the store went back', { stored: at(499n) }, 'state_behind_slot'],
  ['a slot that says no confirmed position', { slot: { confirmedFlush: null } }, 'state_behind_slot'],
  ['this process was told other settings, and they are due', { settingsDue: true }, 'settings_changed'],
  ['other settings are due, and the slot is gone', { settingsDue: true, slot: null }, 'slot_absent'],
  ['other settings are due, and the system is another one', { settingsDue: true, source: { systemId: '8' } }, 'refuse'],
  ['tables and columns are those of the seed', { seededSchema: FACTS.schema.words }, 'resume'],
  ['a column is there that the seed did not know', { seededSchema: 'team@2' }, 'schema_changed'],
  ['a publication lacks what is read, and we may mend it', { facts: { schema: GAPPED } }, 'schema_changed'],
  ['a publication lacks what is read, and the slot is gone', { facts: { schema: GAPPED }, slot: null }, 'slot_absent'],
  ['a backfill was seen', { asked: 'history' }, 'history'],
  ['another table was seen', { asked: 'other_spend_logs' }, 'other_spend_logs'],
  ['a seed was asked for', { asked: 'requested' }, 'requested'],
  ['the slot goes with its connection', { facts: { temporarySlot: true } }, 'process_state'],
  [
    'the slot goes with its connection, and there is no state',
    { facts: { temporarySlot: true }, stored: null },
    'first',
  ],
];

describe('the start table', () => {
  it.each(TABLE)('W5: %s', (_observation, changes, expected) => {
    const decision = decideStart(situation(changes));
    expect(decision.action === 'seed' ? decision.reason : decision.action).toBe(expected);
  });

  it('W5: a refusal names both sides, and the remedy', () => {
    const refused = decideStart(situation({ source: { systemId: '8' } }));
    expect(refused).toMatchObject({ why: expect.stringMatching(/system 7, this one is 8/) });
    expect(refused).toMatchObject({ remedy: expect.stringContaining('REDIS_KEY_PREFIX') });
    const database = decideStart(situation({ source: { database: 'other' } }));
    expect(database).toMatchObject({ why: expect.stringMatching(/litellm\.public, not to other\.public/) });
  });
});
