import { describe, expect, it } from '@jest/globals';
import { budget, FAKE_CLOCK, FakeState, key, organization, team, user } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { KEY_FAMILIES } from './keys.js';

function family(name: string) {
  return KEY_FAMILIES.filter((one) => one.name === name);
}

describe('key families', () => {
  it('join keys of the same name and alias: earliest expiry ahead, earliest of all, budgets and spend summed', async () => {
    const app = { keyName: 'sk-...1', keyAlias: 'app' };
    const state = new FakeState({
      entities: [
        budget('b', { maxBudget: 5 }),
        key('1', { ...app, expires: FAKE_CLOCK - 60_000, maxBudget: 10, spend: 1 }),
        key('2', { ...app, expires: FAKE_CLOCK + 60_000, budgetId: 'b', spend: 2 }),
        key('3', { ...app, expires: FAKE_CLOCK + 90_000, spend: 4 }),
        key('past', { keyName: 'sk-...2', expires: FAKE_CLOCK }),
        key('never', { maxBudget: 0 }),
        key('ui', { teamId: 'litellm-dashboard', maxBudget: 1, expires: FAKE_CLOCK + 1 }),
      ],
    });
    const pairs = KEY_FAMILIES.filter(({ labels }) => labels.includes('key_name'));
    expect(await samplesText(pairs, state)).toBe(`# TYPE litellm_key_expiry gauge
litellm_key_expiry{key_name="sk-...1",key_alias="app"} 60
# TYPE litellm_key_budget gauge
litellm_key_budget{key_name="sk-...1",key_alias="app"} 15
litellm_key_budget{key_name="none",key_alias="none"} 0
# TYPE litellm_key_budget_spend gauge
litellm_key_budget_spend{key_name="sk-...1",key_alias="app"} 3
litellm_key_budget_spend{key_name="none",key_alias="none"} 0
# TYPE litellm_key_expires_timestamp_seconds gauge
litellm_key_expires_timestamp_seconds{key_name="sk-...1",key_alias="app"} 1793534340
litellm_key_expires_timestamp_seconds{key_name="sk-...2",key_alias="none"} 1793534400
`);
  });

  it('count active and expired keys by existing owner, and show 0 for owners of at least one key', async () => {
    const state = new FakeState({
      entities: [
        user('u', { userAlias: 'Ann' }),
        user('without-keys'),
        team('t'),
        organization('o'),
        key('1', { userId: 'u', teamId: 't', organizationId: 'o' }),
        key('2', { userId: 'u', expires: FAKE_CLOCK }),
        key('3', { userId: 'u', blocked: true }),
        key('4', { userId: 'gone', teamId: 't', blocked: true, expires: FAKE_CLOCK - 1 }),
        key('5', { userId: 'without-keys', teamId: 'litellm-dashboard' }),
      ],
    });
    expect(
      await samplesText([...family('litellm_active_keys'), ...family('litellm_expired_keys')], state),
    ).toBe(`# TYPE litellm_active_keys gauge
litellm_active_keys{entity_type="user",entity_id="u",entity_alias="Ann"} 1
litellm_active_keys{entity_type="team",entity_id="t",entity_alias="none"} 1
litellm_active_keys{entity_type="organization",entity_id="o",entity_alias="none"} 1
# TYPE litellm_expired_keys gauge
litellm_expired_keys{entity_type="user",entity_id="u",entity_alias="Ann"} 1
litellm_expired_keys{entity_type="team",entity_id="t",entity_alias="none"} 1
litellm_expired_keys{entity_type="organization",entity_id="o",entity_alias="none"} 0
`);
  });
});
