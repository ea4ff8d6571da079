import { describe, expect, it } from '@jest/globals';
import { FakeState } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { REQUEST_FAMILIES } from './requests.js';

describe('request families', () => {
  it('show requests, cache results, errors, and errors by minute of their window', async () => {
    const state = new FakeState({
      series: {
        requests: [
          [['m', 'success'], 5],
          [['m', 'failure'], 2],
        ],
        cache: [
          [['m', 'hit'], 3],
          [['m', 'miss'], 4],
          [['n', 'miss'], 1],
        ],
        errors: [
          [['m', 'RateLimitError'], 5],
          [['m', 'unknown'], 1],
        ],
      },
    });
    expect(await samplesText(REQUEST_FAMILIES, state)).toBe(`# TYPE litellm_requests_total gauge
litellm_requests_total{model="m",status="success"} 5
litellm_requests_total{model="m",status="failure"} 2
# TYPE litellm_cache_hits_total gauge
litellm_cache_hits_total{model="m"} 3
# TYPE litellm_cache_misses_total gauge
litellm_cache_misses_total{model="m"} 4
litellm_cache_misses_total{model="n"} 1
# TYPE litellm_errors_total gauge
litellm_errors_total{model="m",error_type="RateLimitError"} 5
litellm_errors_total{model="m",error_type="unknown"} 1
# TYPE litellm_error_rate gauge
litellm_error_rate{model="m"} 0.1
`);
  });

  it('warn in HELP that the names ending in _total are gauges that fall, and name the counter to use', () => {
    const misnamed = REQUEST_FAMILIES.filter(({ name }) => name.endsWith('_total'));
    expect(misnamed).toHaveLength(4);
    for (const { help } of misnamed)
      expect(help).toMatch(/falls when rows leave.*not for rate\(\); use litellm_\w+_total/);
  });
});
