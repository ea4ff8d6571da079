import type { StateStore } from '@app/aggregates';
import type { Checkpoint, SlotFacts, SourceIdentity } from '@app/change';
import type { SourceSight, UpstreamFacts } from '@app/litellm';
import { lagsTooFar } from './slot-lag.js';

/** Why a new seed is taken: the label of `litellm_exporter_seeds_total`. */
export type SeedReason =
  | 'first'
  | 'process_state'
  | 'slot_absent'
  | 'slot_lost'
  | 'slot_foreign'
  | 'plugin_changed'
  | 'state_behind_slot'
  | 'state_ahead_of_server'
  | 'timeline_changed'
  | 'other_spend_logs'
  | 'schema_changed'
  | 'settings_changed'
  | 'retained_limit'
  | 'step_broken'
  | 'history'
  | 'requested';

/** What to do about a connection. */
export type StartDecision =
  | { readonly action: 'resume' }
  | { readonly action: 'seed'; readonly reason: SeedReason }
  | { readonly action: 'wait'; readonly why: string }
  | { readonly action: 'refuse'; readonly why: string; readonly remedy: string };

/** What is known at a connect. */
export interface StartSituation {
  readonly facts: UpstreamFacts;
  readonly slot: SlotFacts | null;
  /** Where the stored state stands; null where there is none. */
  readonly stored: Checkpoint | null;
  /** Tables and columns that the state's seed has read, as {@link UpstreamFacts.schema} names them; null where nobody knows. */
  readonly seededSchema: string | null;
  /** A seed that was asked for by something that happened in the stream before. */
  readonly asked: SeedReason | null;
  /** The state was made under other settings than this process was told, and those are due. */
  readonly settingsDue: boolean;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly limit: number;
  /** There is no slot because it lagged too far, and was dropped. */
  readonly gaveUp: boolean;
}

/**
 * The start table (W5): streaming starts only where stored state and slot meet. Run on every connect, before
 * START_REPLICATION. Pure.
 */
export function decideStart(situation: StartSituation): StartDecision {
  const { facts, stored, asked } = situation;
  if (facts.inRecovery) return { action: 'wait', why: 'the server is in recovery' };
  if (stored === null) return { action: 'seed', reason: asked ?? 'first' };
  const why = otherSource(stored.source, facts.source);
  if (why !== null && asked !== 'requested') return { action: 'refuse', why, remedy: OTHER_SOURCE_REMEDY };
  if (asked !== null) return { action: 'seed', reason: asked };
  if (facts.temporarySlot) return { action: 'seed', reason: 'process_state' };
  const decision = decideBySlot(situation, stored);
  if (decision.action !== 'resume') return decision;
  if (otherSchema(situation)) return { action: 'seed', reason: 'schema_changed' };
  return situation.settingsDue ? { action: 'seed', reason: 'settings_changed' } : decision;
}

/** What was written while a table or column was not listened to is in no slot, and what a migration filled in is in no log. */
function otherSchema({ facts, seededSchema }: StartSituation): boolean {
  return facts.schema.gaps.length > 0 || (seededSchema !== null && seededSchema !== facts.schema.words);
}

/** What helps where the stored state is another deployment's. */
export const OTHER_SOURCE_REMEDY =
  'point the exporter at the server it was seeded from, give this deployment a REDIS_KEY_PREFIX of its own, or delete the keys under the prefix to seed anew';

/** Why a stored state is not of the deployment that was reached; null where it is, or where the server does not tell. */
export function otherSource(stored: SourceIdentity, seen: SourceSight): string | null {
  if (seen.systemId !== null && seen.systemId !== stored.systemId) {
    return `the stored state belongs to the PostgreSQL system ${stored.systemId}, this one is ${seen.systemId}`;
  }
  if (seen.database === stored.database && seen.schema === stored.schema) return null;
  const name = (of: SourceSight): string => `${of.database}.${of.schema}`;
  return `the stored state belongs to ${name(stored)}, not to ${name(seen)}`;
}

/** Tells of a source whether a store's state may be of it; one that holds no state may be of any. */
export function isSourceOf(store: StateStore): (seen: SourceSight) => boolean {
  return (seen) => store.checkpoint === null || otherSource(store.checkpoint.source, seen) === null;
}

function decideBySlot({ facts, slot, limit, gaveUp }: StartSituation, stored: Checkpoint): StartDecision {
  const seed = (reason: SeedReason): StartDecision => ({ action: 'seed', reason });
  if (!inHistory(facts, stored)) return seed('timeline_changed');
  if (stored.next > facts.walEnd) return seed('state_ahead_of_server');
  if (facts.source.spendLogsOid !== stored.source.spendLogsOid) return seed('other_spend_logs');
  if (slot === null) return seed(gaveUp ? 'retained_limit' : 'slot_absent');
  if (slot.database !== null && slot.database !== facts.source.database) return seed('slot_foreign');
  if (slot.walStatus === 'lost' || slot.invalidationReason !== null || slot.restartLsn === null) {
    return seed('slot_lost');
  }
  if (slot.plugin !== stored.plugin || slot.plugin !== facts.plugin) return seed('plugin_changed');
  if (lagsTooFar(slot, facts.walEnd, limit)) return seed('retained_limit');
  if (slot.confirmedFlush === null || stored.next < slot.confirmedFlush) return seed('state_behind_slot');
  return { action: 'resume' };
}

/** True where all that the state has counted is in the history of the server's timeline, whatever the number of promotions. */
function inHistory({ source, timelineHistory }: UpstreamFacts, stored: Checkpoint): boolean {
  const { timeline } = stored.source;
  if (source.timeline === timeline) return true;
  const left = timelineHistory.get(timeline);
  return left !== undefined && stored.next <= left;
}
