import type { Random } from '../random.js';

/** A model as traffic meets it; only some of them have a row in the database, the others stand in the config file. */
export interface Model {
  readonly modelId: string;
  /** Public name that callers ask for: `model_group`, `model_name`. */
  readonly group: string;
  /** Provider-side name: `model`. */
  readonly name: string;
  readonly provider: string;
  readonly apiBase: string;
  readonly mode: 'chat' | 'embedding' | 'image_generation' | 'audio_transcription' | 'responses';
  readonly baseModel: string | null;
  /** USD per token. */
  readonly promptPrice: number;
  readonly completionPrice: number;
  /** Whether a row of `LiteLLM_ProxyModelTable` exists. */
  readonly inDatabase: boolean;
}

type Offer = readonly [group: string, name: string, provider: string, mode: Model['mode'], promptMicros: number];

/** Micro-dollars per prompt token in the last column; completions cost four times that. */
const offers: readonly Offer[] = [
  ['gpt-4o', 'gpt-4o-2024-11-20', 'openai', 'chat', 2.5],
  ['claude-sonnet', 'claude-sonnet-4-5-20250929', 'anthropic', 'chat', 3],
  ['gpt-4o-mini', 'gpt-4o-mini', 'azure', 'chat', 0.15],
  ['text-embedding-3-small', 'text-embedding-3-small', 'openai', 'embedding', 0.02],
  ['gemini/flash', 'gemini-2.5-flash', 'vertex_ai', 'chat', 0.3],
  ['bedrock-claude', 'bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0', 'bedrock', 'chat', 3],
  ['llama "local"', 'meta-llama/Llama-3.3-70B-Instruct', 'hosted_vllm', 'chat', 0],
  ['whisper', 'whisper-1', 'openai', 'audio_transcription', 0.1],
  ['o3', 'o3', 'openai', 'responses', 2],
  ['dall-e', 'dall-e-3', 'openai', 'image_generation', 40],
  ['mistral,large', 'mistral-large-latest', 'mistral', 'chat', 2],
  ['deepseek\\r1', 'deepseek-reasoner', 'deepseek', 'chat', 0.55],
];

/** One model of the catalogue; beyond the offers the groups repeat with further deployments and versions. */
export function makeModel(random: Random, index: number): Model {
  const [group, name, provider, mode, micros] = offers[index % offers.length] as Offer;
  const round = Math.floor(index / offers.length);
  // A second deployment of one group, as load-balanced set-ups have it; later rounds are groups of their own.
  const suffix = round < 2 ? '' : `-v${round}`;
  const apiBase = provider === 'azure' ? `https://eu-${round}.openai.azure.com/` : `https://api.${provider}.example/v1`;
  return {
    modelId: random.hex(64),
    group: `${group}${suffix}`,
    name: round === 1 && provider === 'azure' ? `${name}-eu` : `${name}${suffix}`,
    provider,
    apiBase,
    mode,
    baseModel: provider === 'azure' ? `azure/${name}` : null,
    promptPrice: micros / 1e6,
    completionPrice: (micros * 4) / 1e6,
    inDatabase: index % 3 !== 2,
  };
}
