import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import type { Model } from '../world/model-catalogue.js';
import type { KeyRow, TeamRow } from '../world/rows.js';
import type { World } from '../world/world.js';
import { asOldVersionsWrite, makeMetadata } from './metadata.js';
import type { SpendLogRow } from './spend-log-row.js';
import { makeTags } from './tags.js';

/** What traffic is made from. */
export interface TrafficSource {
  readonly random: Random;
  readonly world: World;
  readonly clock: Clock;
  /** Bytes of prompt stored with each row; 0 is LiteLLM's default of storing none. */
  readonly promptBytes: number;
  /** Whether callers make up models and tags. */
  readonly invented: boolean;
}

/** Who called, and what for. */
interface Caller {
  readonly apiKey: string;
  readonly key: KeyRow | undefined;
  readonly team: TeamRow | undefined;
}

type Identity = Pick<SpendLogRow, 'api_key' | 'user' | 'team_id' | 'organization_id' | 'end_user'>;
type Times = Pick<SpendLogRow, 'startTime' | 'endTime' | 'completionStartTime' | 'request_duration_ms'>;
type Usage = Pick<SpendLogRow, 'spend' | 'total_tokens' | 'prompt_tokens' | 'completion_tokens'>;
type Bodies = Pick<SpendLogRow, 'messages' | 'response' | 'proxy_server_request' | 'metadata'>;
type Request = Omit<SpendLogRow, keyof Identity | keyof Times | keyof Usage | keyof Bodies | 'request_tags'>;

type Outcome = 'answer' | 'stream' | 'cached' | 'failure';

const callTypes: Readonly<Record<Model['mode'], readonly string[]>> = {
  chat: ['acompletion', 'anthropic_messages', 'completion', 'agenerate_content_stream'],
  embedding: ['aembedding'],
  image_generation: ['aimage_generation'],
  audio_transcription: ['atranscription'],
  responses: ['aresponses', '_aresponses_websocket'],
};

/** Writes down requests as LiteLLM would. The next row depends on nothing but the random source, world and clock. */
export class Traffic {
  readonly #source: TrafficSource;

  constructor(source: TrafficSource) {
    this.#source = source;
  }

  /** A row of a request that ended a few seconds ago, with the given columns in place of the drawn ones. */
  row(overrides: Partial<SpendLogRow> = {}): SpendLogRow {
    const { random, world, invented } = this.#source;
    const outcome = random.weighted<Outcome>([
      [60, 'answer'],
      [28, 'stream'],
      [7, 'cached'],
      [5, 'failure'],
    ]);
    const failed = outcome === 'failure';
    const caller = this.#caller(failed);
    const model = world.models.length === 0 ? undefined : random.pickSkewed(world.models);
    const row: SpendLogRow = {
      ...this.#request(outcome, model),
      ...this.#identity(caller),
      ...this.#times(outcome),
      ...this.#usage(outcome, model),
      ...this.#bodies(),
      request_tags: makeTags({ random, world, invented }, caller.key),
      ...overrides,
    };
    if (!('metadata' in overrides)) {
      row.metadata = asOldVersionsWrite(
        random,
        makeMetadata(random, { row, key: caller.key, team: caller.team, failed }),
      );
    }
    return row;
  }

  /** As many rows, each with the same overrides. */
  rows(count: number, overrides: Partial<SpendLogRow> = {}): SpendLogRow[] {
    return Array.from({ length: count }, () => this.row(overrides));
  }

  #caller(failed: boolean): Caller {
    const { random, world } = this.#source;
    // A failed request may come from anybody, with a key that never existed.
    if (failed && random.chance(0.15)) return { apiKey: random.hex(64), key: undefined, team: undefined };
    if (world.retiredTokens.length > 0 && random.chance(0.01)) {
      return { apiKey: random.pick(world.retiredTokens), key: undefined, team: undefined };
    }
    if (world.keys.length === 0 || random.chance(0.01)) return { apiKey: '', key: undefined, team: undefined };
    const key = random.pickSkewed(world.keys);
    return { apiKey: key.token, key, team: world.team(key.team_id) };
  }

  #identity({ apiKey, key, team }: Caller): Identity {
    const { random, world } = this.#source;
    const organization = key?.organization_id ?? team?.organization_id ?? null;
    const endUser = random.weighted<string | null>([
      [70, ''],
      [10, null],
      [18, world.endUsers.length === 0 ? '' : random.pickSkewed(world.endUsers).user_id],
      [2, `visitor-${random.integer(1, 500)}`],
    ]);
    return {
      api_key: apiKey,
      user: random.chance(0.01) ? 'user-that-left' : emptied(random, key?.user_id ?? null),
      team_id: random.chance(0.005) ? 'team-that-left' : emptied(random, key?.team_id ?? null),
      // Most versions leave the organization of the team to the reader.
      organization_id: random.chance(0.5) ? emptied(random, organization) : emptied(random, null),
      end_user: endUser,
    };
  }

  #times(outcome: Outcome): Times {
    const { random, clock } = this.#source;
    const duration = durationOf(random, outcome);
    const flushed = Math.round(random.logNormal(1_500, 0.6));
    const lateHours = random.chance(0.002) ? random.integer(1, 20) : 0;
    const future = random.chance(0.001) ? random.integer(60_000, 7_200_000) : 0;
    const endTime = Math.round(clock.now()) - flushed - lateHours * 3_600_000 + future;
    const firstToken = Math.round(duration * (0.05 + 0.5 * random.next()));
    const startTime = endTime - duration;
    return {
      startTime,
      endTime,
      // Without a stream the first token is booked at the end, or not at all.
      completionStartTime: outcome === 'stream' ? startTime + firstToken : random.chance(0.9) ? endTime : null,
      request_duration_ms: random.chance(0.02) ? null : duration,
    };
  }

  #usage(outcome: Outcome, model: Model | undefined): Usage {
    const { random } = this.#source;
    if (outcome === 'failure') return { spend: 0, total_tokens: 0, prompt_tokens: 0, completion_tokens: 0 };
    const prompt = Math.min(200_000, Math.round(random.logNormal(900, 1.1)));
    const completion = model?.mode === 'embedding' ? 0 : Math.min(32_000, Math.round(random.logNormal(250, 1)));
    const cost = prompt * (model?.promptPrice ?? 0) + completion * (model?.completionPrice ?? 0);
    // A cached answer repeats the usage and costs nothing.
    const spend = outcome === 'cached' ? 0 : cost;
    return { spend, total_tokens: prompt + completion, prompt_tokens: prompt, completion_tokens: completion };
  }

  #request(outcome: Outcome, model: Model | undefined): Request {
    const { random, invented } = this.#source;
    const failed = outcome === 'failure';
    const callId = random.uuid();
    const name = model === undefined ? '' : nameOf({ random, invented }, failed, model);
    return {
      request_id: random.chance(0.8) ? `chatcmpl-${random.uuid()}` : callId,
      call_type: failed && random.chance(0.5) ? '' : random.pick(callTypes[model?.mode ?? 'chat']),
      model: name,
      model_id: failed ? random.pick(['', null]) : (model?.modelId ?? ''),
      model_group: failed && random.chance(0.5) ? '' : (model?.group ?? ''),
      custom_llm_provider: failed ? '' : (model?.provider ?? ''),
      api_base: failed ? '' : (model?.apiBase ?? ''),
      cache_hit:
        outcome === 'cached'
          ? 'True'
          : random.weighted([
              [failed ? 95 : 60, 'False'],
              [30, 'None'],
              [5, ''],
            ]),
      cache_key: random.chance(0.3) ? random.hex(64) : 'Cache OFF',
      requester_ip_address: random.chance(0.5) ? null : `10.${random.integer(0, 255)}.0.${random.integer(1, 254)}`,
      session_id: random.uuid(),
      // Versions before 2025-05 said it in metadata alone.
      status: random.chance(0.01) ? null : failed ? 'failure' : 'success',
      mcp_namespaced_tool_name: random.chance(0.02) ? 'github/search_code' : null,
      agent_id: null,
      litellm_call_id: callId,
    };
  }

  #bodies(): Bodies {
    const { random, promptBytes } = this.#source;
    if (promptBytes === 0) return { messages: {}, response: {}, proxy_server_request: {}, metadata: {} };
    const content = random.hex(promptBytes);
    return {
      messages: [{ role: 'user', content }],
      response: { choices: [{ message: { role: 'assistant', content: random.hex(Math.ceil(promptBytes / 4)) } }] },
      proxy_server_request: { url: 'http://litellm/v1/chat/completions', method: 'POST' },
      metadata: {},
    };
  }
}

/** LiteLLM writes '' where there is nothing more often than NULL. */
function emptied(random: Random, id: string | null): string | null {
  if (id !== null && id !== '') return random.chance(0.02) ? '' : id;
  return random.chance(0.8) ? '' : null;
}

/** Milliseconds; a failure has none, because LiteLLM takes both times when it books it. */
function durationOf(random: Random, outcome: Outcome): number {
  if (outcome === 'failure') return 0;
  if (outcome === 'cached') return random.integer(2, 40);
  return Math.min(6_000_000, Math.round(random.logNormal(outcome === 'stream' ? 4_000 : 1_200, 1)));
}

function nameOf(
  { random, invented }: Pick<TrafficSource, 'random' | 'invented'>,
  failed: boolean,
  model: Model,
): string {
  if (random.chance(0.005)) return '';
  if (!failed) return model.name;
  return random.chance(0.2) && invented ? `gpt-${random.hex(5)}-invented` : model.group;
}
