import { describe, expect, it } from '@jest/globals';
import { FakeState, model, team } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { COUNTER_FAMILIES } from './counters.js';

describe('counter families', () => {
  it('show what the state counted, and what is known beforehand at 0', async () => {
    const state = new FakeState({
      entities: [model('1', { modelName: 'idle' }), team('t', { teamAlias: 'Red' }), team('u')],
      series: { requests: [[['m', 'success'], 1]], errors: [[['m', 'TimeoutError'], 1]] },
      counters: {
        spend_usd: [{ labels: ['m'], value: 1.5 }],
        requests_processed: [{ labels: ['m', 'success'], value: 3 }],
        request_errors: [{ labels: ['m', 'unknown'], value: 1 }],
        request_cache: [{ labels: ['m', 'hit'], value: 2 }],
        tokens_processed: [{ labels: ['m', 'prompt', 'true'], value: 70 }],
        team_spend_usd: [
          { labels: ['t', 'Red'], value: 1 },
          { labels: ['gone', 'none'], value: 0.5 },
        ],
        key_spend_usd: [{ labels: ['sk-...1', 'none'], value: 1.5 }],
      },
    });
    expect(await samplesText(COUNTER_FAMILIES, state)).toBe(`# TYPE litellm_spend_usd_total counter
litellm_spend_usd_total{model="m"} 1.5
litellm_spend_usd_total{model="idle"} 0
# TYPE litellm_requests_processed_total counter
litellm_requests_processed_total{model="m",status="success"} 3
litellm_requests_processed_total{model="m",status="failure"} 0
litellm_requests_processed_total{model="idle",status="success"} 0
litellm_requests_processed_total{model="idle",status="failure"} 0
# TYPE litellm_request_errors_total counter
litellm_request_errors_total{model="m",error_type="unknown"} 1
litellm_request_errors_total{model="m",error_type="TimeoutError"} 0
# TYPE litellm_request_cache_total counter
litellm_request_cache_total{model="m",result="hit"} 2
litellm_request_cache_total{model="m",result="miss"} 0
litellm_request_cache_total{model="idle",result="hit"} 0
litellm_request_cache_total{model="idle",result="miss"} 0
# TYPE litellm_tokens_processed_total counter
litellm_tokens_processed_total{model="m",kind="prompt",cached="true"} 70
litellm_tokens_processed_total{model="m",kind="prompt",cached="false"} 0
litellm_tokens_processed_total{model="m",kind="completion",cached="false"} 0
litellm_tokens_processed_total{model="m",kind="completion",cached="true"} 0
litellm_tokens_processed_total{model="idle",kind="prompt",cached="false"} 0
litellm_tokens_processed_total{model="idle",kind="prompt",cached="true"} 0
litellm_tokens_processed_total{model="idle",kind="completion",cached="false"} 0
litellm_tokens_processed_total{model="idle",kind="completion",cached="true"} 0
# TYPE litellm_team_spend_usd_total counter
litellm_team_spend_usd_total{team_id="t",team_alias="Red"} 1
litellm_team_spend_usd_total{team_id="gone",team_alias="none"} 0.5
litellm_team_spend_usd_total{team_id="u",team_alias="none"} 0
# TYPE litellm_key_spend_usd_total counter
litellm_key_spend_usd_total{key_name="sk-...1",key_alias="none"} 1.5
`);
  });

  it('add zeros only as far as the cap leaves room, so that a folded series shows once', async () => {
    const counters = {
      spend_usd: [
        { labels: ['a'], value: 1 },
        { labels: ['other'], value: 2 },
      ],
    };
    const entities = ['b', 'c'].map((name) => model(name, { modelName: name }));
    const text = await samplesText(COUNTER_FAMILIES.slice(0, 1), new FakeState({ entities, counters }), 3);
    expect(text.match(/^litellm_spend_usd_total/gm)).toHaveLength(3);
    const full = await samplesText(COUNTER_FAMILIES.slice(0, 1), new FakeState({ entities, counters }), 1);
    expect(full.match(/^litellm_spend_usd_total/gm)).toHaveLength(2);
  });
});
