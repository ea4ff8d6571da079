import type { Random } from '../random.js';
import type { Json, KeyRow, TeamRow } from '../world/rows.js';
import { errorInformation } from './failure.js';
import type { SpendLogRow } from './spend-log-row.js';

/** What the metadata of a row is made from. */
export interface MetadataOf {
  readonly row: SpendLogRow;
  readonly key: KeyRow | undefined;
  readonly team: TeamRow | undefined;
  readonly failed: boolean;
}

function usage(random: Random, row: SpendLogRow): Json {
  return {
    total_tokens: row.total_tokens,
    prompt_tokens: row.prompt_tokens,
    completion_tokens: row.completion_tokens,
    prompt_tokens_details: { cached_tokens: Math.floor(row.prompt_tokens * random.next() * 0.5) },
  };
}

/** What LiteLLM notes beside a request: snapshots of aliases, usage, cost, retries, guardrails, and the error of a failure. */
export function makeMetadata(random: Random, { row, key, team, failed }: MetadataOf): { [key: string]: Json } {
  const metadata: { [key: string]: Json } = {
    status: failed ? 'failure' : 'success',
    user_api_key: row.api_key,
    user_api_key_alias: key?.key_alias ?? null,
    user_api_key_team_id: row.team_id,
    user_api_key_team_alias: team?.team_alias ?? null,
    user_api_key_user_id: row.user,
    user_api_key_org_id: row.organization_id,
    litellm_call_id: row.litellm_call_id,
    spend_logs_metadata: random.chance(0.1) ? { ticket: `T-${random.integer(1, 9_999)}` } : null,
    requester_ip_address: row.requester_ip_address,
    litellm_overhead_time_ms: Math.round(random.logNormal(4, 0.6) * 1_000) / 1_000,
    attempted_retries: random.chance(0.03) ? 1 : 0,
  };
  if (failed) return { ...metadata, error_information: errorInformation(random), usage_object: null };
  return {
    ...metadata,
    error_information: null,
    usage_object: usage(random, row),
    cost_breakdown: {
      input_cost: row.spend * 0.3,
      output_cost: row.spend * 0.7,
      total_cost: row.spend,
    },
  };
}

/** Makes what LiteLLM, forks and hand-made rows do to a JSON column now and then: text in place of JSON, or nothing. */
export function asOldVersionsWrite(random: Random, value: Json): Json {
  return random.weighted<Json>([
    [96, value],
    [3, JSON.stringify(value)],
    [0.5, null],
    [0.5, {}],
  ]);
}
