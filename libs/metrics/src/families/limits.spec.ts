import { describe, expect, it } from '@jest/globals';
import { budget, endUser, FakeState, key, organization, team, user } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { LIMIT_FAMILIES } from './limits.js';

describe('limit families', () => {
  it('show own limits, else those of the budget row, 0 included and no series without one', async () => {
    const state = new FakeState({
      entities: [
        budget('b', { tpmLimit: 100, rpmLimit: 10, maxParallelRequests: 3 }),
        user('u', { userAlias: 'Ann', tpmLimit: 0 }),
        user('free'),
        team('t', { teamAlias: 'Red', maxParallelRequests: 7, rpmLimit: 1 }),
        organization('o', { budgetId: 'b' }),
        organization('lost', { budgetId: 'missing' }),
        key('k', { keyAlias: 'app', keyName: 'sk-...1', budgetId: 'b', rpmLimit: 5 }),
        key('ui', { teamId: 'litellm-dashboard', tpmLimit: 1 }),
        endUser('e', { budgetId: 'b' }),
      ],
    });
    expect(await samplesText(LIMIT_FAMILIES, state)).toBe(`# TYPE litellm_parallel_requests gauge
litellm_parallel_requests{entity_type="team",entity_id="t",entity_alias="Red"} 7
litellm_parallel_requests{entity_type="organization",entity_id="o",entity_alias="none"} 3
litellm_parallel_requests{entity_type="key",entity_id="k",entity_alias="app"} 3
litellm_parallel_requests{entity_type="end_user",entity_id="e",entity_alias="none"} 3
# TYPE litellm_tpm_limit gauge
litellm_tpm_limit{entity_type="user",entity_id="u",entity_alias="Ann"} 0
litellm_tpm_limit{entity_type="organization",entity_id="o",entity_alias="none"} 100
litellm_tpm_limit{entity_type="key",entity_id="k",entity_alias="app"} 100
litellm_tpm_limit{entity_type="end_user",entity_id="e",entity_alias="none"} 100
# TYPE litellm_rpm_limit gauge
litellm_rpm_limit{entity_type="team",entity_id="t",entity_alias="Red"} 1
litellm_rpm_limit{entity_type="organization",entity_id="o",entity_alias="none"} 10
litellm_rpm_limit{entity_type="key",entity_id="k",entity_alias="app"} 5
litellm_rpm_limit{entity_type="end_user",entity_id="e",entity_alias="none"} 10
`);
  });

  it('say in HELP that parallel requests are the configured limit', () => {
    expect(LIMIT_FAMILIES[0]?.help).toMatch(/Configured limit.*not how many are in flight/);
  });
});
