import type { SpendFact } from '@app/litellm';

/** A success of now, with what is asked for. */
export function fact(facts: Partial<SpendFact> = {}, now = Date.now()): SpendFact {
  return {
    requestId: 'request',
    startTime: now - 1_000,
    endTime: now,
    completionStartTime: null,
    durationMs: null,
    apiKey: 'key-1',
    user: 'user-1',
    teamId: 'team-1',
    organizationId: '',
    model: 'gpt-5',
    modelId: 'id-1',
    modelGroup: 'group-1',
    provider: 'openai',
    spend: 1,
    totalTokens: 3,
    promptTokens: 2,
    completionTokens: 1,
    status: 'success',
    errorType: '',
    cache: 'none',
    tags: [],
    ...facts,
  };
}
