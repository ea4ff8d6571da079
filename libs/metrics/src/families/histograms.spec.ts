import { describe, expect, it } from '@jest/globals';
import { FakeState, model } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { HISTOGRAM_FAMILIES } from './histograms.js';

describe('histogram families', () => {
  it('cumulate buckets, end with +Inf, sum and count, and show known models at 0', async () => {
    const state = new FakeState({
      entities: [model('1', { modelName: 'idle' })],
      histograms: { request_duration: [{ labels: ['m'], buckets: [1, 2, 0, 4], sum: 61.25 }] },
    });
    expect(await samplesText(HISTOGRAM_FAMILIES, state)).toBe(`# TYPE litellm_request_duration_seconds histogram
litellm_request_duration_seconds_bucket{le="0.5",model="m"} 1
litellm_request_duration_seconds_bucket{le="1",model="m"} 3
litellm_request_duration_seconds_bucket{le="10",model="m"} 3
litellm_request_duration_seconds_bucket{le="+Inf",model="m"} 7
litellm_request_duration_seconds_sum{model="m"} 61.25
litellm_request_duration_seconds_count{model="m"} 7
litellm_request_duration_seconds_bucket{le="0.5",model="idle"} 0
litellm_request_duration_seconds_bucket{le="1",model="idle"} 0
litellm_request_duration_seconds_bucket{le="10",model="idle"} 0
litellm_request_duration_seconds_bucket{le="+Inf",model="idle"} 0
litellm_request_duration_seconds_sum{model="idle"} 0
litellm_request_duration_seconds_count{model="idle"} 0
# TYPE litellm_time_to_first_token_seconds histogram
litellm_time_to_first_token_seconds_bucket{le="0.25",model="idle"} 0
litellm_time_to_first_token_seconds_bucket{le="2",model="idle"} 0
litellm_time_to_first_token_seconds_bucket{le="+Inf",model="idle"} 0
litellm_time_to_first_token_seconds_sum{model="idle"} 0
litellm_time_to_first_token_seconds_count{model="idle"} 0
`);
  });
});
