import { describe, expect, it } from '@jest/globals';
import {
  budget,
  endUser,
  FAKE_CLOCK,
  FakeState,
  key,
  organization,
  project,
  tag,
  team,
  teamMember,
  user,
} from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { BUDGET_FAMILIES } from './budgets.js';

const IN_AN_HOUR = FAKE_CLOCK + 3_600_000;

describe('budget families', () => {
  it('find the budget of each kind of entity where LiteLLM keeps it', async () => {
    const state = new FakeState({
      entities: [
        budget('b', { maxBudget: 50, softBudget: 40, budgetResetAt: IN_AN_HOUR }),
        user('u', { userAlias: 'Ann', maxBudget: 10, spend: 5, budgetResetAt: IN_AN_HOUR + 500 }),
        team('t', { teamAlias: 'Red', maxBudget: 20, softBudget: 15, spend: 30 }),
        key('own', { keyName: 'sk-...1', maxBudget: 4, spend: 1, budgetId: 'b', budgetResetAt: FAKE_CLOCK - 1 }),
        key('shared', { keyAlias: 'app', spend: 25, budgetId: 'b' }),
        key('ui', { teamId: 'litellm-dashboard', maxBudget: 1 }),
        organization('o', { organizationAlias: 'Acme', spend: 10, budgetId: 'b' }),
        endUser('e', { spend: 5, budgetId: 'b' }),
        project('p', { projectAlias: 'Moon', spend: 2, budgetId: 'b' }),
        tag('prod', { spend: 1, budgetId: 'b' }),
        teamMember('t', 'u', { spend: 20, budgetId: 'b' }),
        teamMember('x/y', 'z/', { spend: 0, budgetId: 'b' }),
        teamMember('t', 'free', { spend: 3 }),
      ],
    });
    expect(await samplesText(BUDGET_FAMILIES, state)).toBe(`# TYPE litellm_max_budget gauge
litellm_max_budget{entity_type="user",entity_id="u",entity_alias="Ann"} 10
litellm_max_budget{entity_type="team",entity_id="t",entity_alias="Red"} 20
litellm_max_budget{entity_type="key",entity_id="own",entity_alias="sk-...1"} 4
litellm_max_budget{entity_type="key",entity_id="shared",entity_alias="app"} 50
litellm_max_budget{entity_type="organization",entity_id="o",entity_alias="Acme"} 50
litellm_max_budget{entity_type="end_user",entity_id="e",entity_alias="none"} 50
litellm_max_budget{entity_type="project",entity_id="p",entity_alias="Moon"} 50
litellm_max_budget{entity_type="tag",entity_id="prod",entity_alias="prod"} 50
litellm_max_budget{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 50
litellm_max_budget{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 50
# TYPE litellm_soft_budget gauge
litellm_soft_budget{entity_type="team",entity_id="t",entity_alias="Red"} 15
litellm_soft_budget{entity_type="key",entity_id="own",entity_alias="sk-...1"} 40
litellm_soft_budget{entity_type="key",entity_id="shared",entity_alias="app"} 40
litellm_soft_budget{entity_type="organization",entity_id="o",entity_alias="Acme"} 40
litellm_soft_budget{entity_type="end_user",entity_id="e",entity_alias="none"} 40
litellm_soft_budget{entity_type="project",entity_id="p",entity_alias="Moon"} 40
litellm_soft_budget{entity_type="tag",entity_id="prod",entity_alias="prod"} 40
litellm_soft_budget{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 40
litellm_soft_budget{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 40
# TYPE litellm_budget_utilization gauge
litellm_budget_utilization{entity_type="user",entity_id="u",entity_alias="Ann"} 50
litellm_budget_utilization{entity_type="team",entity_id="t",entity_alias="Red"} 150
litellm_budget_utilization{entity_type="key",entity_id="own",entity_alias="sk-...1"} 25
litellm_budget_utilization{entity_type="key",entity_id="shared",entity_alias="app"} 50
litellm_budget_utilization{entity_type="organization",entity_id="o",entity_alias="Acme"} 20
litellm_budget_utilization{entity_type="end_user",entity_id="e",entity_alias="none"} 10
litellm_budget_utilization{entity_type="project",entity_id="p",entity_alias="Moon"} 4
litellm_budget_utilization{entity_type="tag",entity_id="prod",entity_alias="prod"} 2
litellm_budget_utilization{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 40
litellm_budget_utilization{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 0
# TYPE litellm_budget_reset_time gauge
litellm_budget_reset_time{entity_type="user",entity_id="u",entity_alias="Ann"} 3600.5
litellm_budget_reset_time{entity_type="key",entity_id="own",entity_alias="sk-...1"} 0
litellm_budget_reset_time{entity_type="key",entity_id="shared",entity_alias="app"} 3600
litellm_budget_reset_time{entity_type="organization",entity_id="o",entity_alias="Acme"} 3600
litellm_budget_reset_time{entity_type="end_user",entity_id="e",entity_alias="none"} 3600
litellm_budget_reset_time{entity_type="project",entity_id="p",entity_alias="Moon"} 3600
litellm_budget_reset_time{entity_type="tag",entity_id="prod",entity_alias="prod"} 3600
litellm_budget_reset_time{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 3600
litellm_budget_reset_time{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 3600
# TYPE litellm_budget_spend gauge
litellm_budget_spend{entity_type="user",entity_id="u",entity_alias="Ann"} 5
litellm_budget_spend{entity_type="team",entity_id="t",entity_alias="Red"} 30
litellm_budget_spend{entity_type="key",entity_id="own",entity_alias="sk-...1"} 1
litellm_budget_spend{entity_type="key",entity_id="shared",entity_alias="app"} 25
litellm_budget_spend{entity_type="organization",entity_id="o",entity_alias="Acme"} 10
litellm_budget_spend{entity_type="end_user",entity_id="e",entity_alias="none"} 5
litellm_budget_spend{entity_type="project",entity_id="p",entity_alias="Moon"} 2
litellm_budget_spend{entity_type="tag",entity_id="prod",entity_alias="prod"} 1
litellm_budget_spend{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 20
litellm_budget_spend{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 0
# TYPE litellm_budget_reset_timestamp_seconds gauge
litellm_budget_reset_timestamp_seconds{entity_type="user",entity_id="u",entity_alias="Ann"} 1793538000.5
litellm_budget_reset_timestamp_seconds{entity_type="key",entity_id="own",entity_alias="sk-...1"} 1793534399.999
litellm_budget_reset_timestamp_seconds{entity_type="key",entity_id="shared",entity_alias="app"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="organization",entity_id="o",entity_alias="Acme"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="end_user",entity_id="e",entity_alias="none"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="project",entity_id="p",entity_alias="Moon"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="tag",entity_id="prod",entity_alias="prod"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="team_member",entity_id="t/u",entity_alias="Red/Ann"} 1793538000
litellm_budget_reset_timestamp_seconds{entity_type="team_member",entity_id="x%2Fy/z%2F",entity_alias="none/none"} 1793538000
`);
  });

  it('take 0 as a budget that is used up, never as infinity', async () => {
    const state = new FakeState({ entities: [user('u', { maxBudget: 0, spend: 0 }), user('v', { spend: 9 })] });
    const text = await samplesText(BUDGET_FAMILIES, state);
    expect(text).toContain('litellm_budget_utilization{entity_type="user",entity_id="u",entity_alias="none"} 100\n');
    expect(text).not.toContain('"v"');
  });

  it('say in HELP which budgets are not counted in', () => {
    for (const name of ['litellm_max_budget', 'litellm_budget_utilization']) {
      expect(BUDGET_FAMILIES.find((family) => family.name === name)?.help).toMatch(
        /in memory or Redis.*not counted in/,
      );
    }
  });
});
