import { describe, expect, it } from '@jest/globals';
import { FakeState, key, organization, team, user } from '../../../../test/support/fake-state.js';
import { renderedText, samplesText } from '../../../../test/support/rendered-text.js';
import { SPEND_FAMILIES } from './spend.js';
import { TOKEN_FAMILIES } from './tokens.js';

function family(name: string) {
  return SPEND_FAMILIES.filter((one) => one.name === name);
}

describe('spend families', () => {
  it('show spend and tokens by model', async () => {
    const state = new FakeState({
      series: {
        spend_by_model: [
          [['gpt-4o'], 3, 1.25, 300, 200, 100],
          [['unknown'], 1, -0.5, 7, 5, 2],
        ],
      },
    });
    expect(await renderedText([...family('litellm_total_spend'), ...TOKEN_FAMILIES], state)).toBe(
      `# HELP litellm_total_spend Spend in USD by model over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate(). See litellm_spend_usd_total.
# TYPE litellm_total_spend gauge
litellm_total_spend{model="gpt-4o"} 1.25
litellm_total_spend{model="unknown"} -0.5
# HELP litellm_total_tokens Tokens by model over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate(). See litellm_tokens_processed_total.
# TYPE litellm_total_tokens gauge
litellm_total_tokens{model="gpt-4o"} 300
litellm_total_tokens{model="unknown"} 7
# HELP litellm_prompt_tokens Prompt tokens by model over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate(). See litellm_tokens_processed_total.
# TYPE litellm_prompt_tokens gauge
litellm_prompt_tokens{model="gpt-4o"} 200
litellm_prompt_tokens{model="unknown"} 5
# HELP litellm_completion_tokens Completion tokens by model over METRICS_SPEND_WINDOW; a gauge that falls when rows leave the window, so not for rate(). See litellm_tokens_processed_total.
# TYPE litellm_completion_tokens gauge
litellm_completion_tokens{model="gpt-4o"} 100
litellm_completion_tokens{model="unknown"} 2
`,
    );
  });

  it('show users that exist, a missing alias as none', async () => {
    const state = new FakeState({
      entities: [user('u1', { userAlias: 'Ann' }), user('u2')],
      series: {
        spend_by_user: [
          [['u1', 'm'], 1, 2],
          [['u2', 'm'], 1, 3],
          [['gone', 'm'], 1, 4],
        ],
      },
    });
    expect(await samplesText(family('litellm_user_spend'), state)).toBe(`# TYPE litellm_user_spend gauge
litellm_user_spend{user_id="u1",user_alias="Ann",model="m"} 2
litellm_user_spend{user_id="u2",user_alias="none",model="m"} 3
`);
  });

  it("sum a team's rows whatever their organization, and give an organization the rows of its teams", async () => {
    const state = new FakeState({
      entities: [
        team('t1', { teamAlias: 'Red', organizationId: 'o1' }),
        team('t2'),
        organization('o1', { organizationAlias: 'Acme' }),
        organization('o2', { organizationAlias: 'Beta' }),
      ],
      series: {
        spend_by_team: [
          [['t1', '', 'm'], 1, 1],
          [['t1', 'o2', 'm'], 1, 2],
          [['t2', 'o1', 'm'], 1, 4],
          [['t2', '', 'm'], 1, 8],
          [['gone', '', 'm'], 1, 16],
          [['', 'o2', 'm'], 1, 32],
          [['t1', 'deleted', 'm'], 1, 64],
        ],
      },
    });
    expect(
      await samplesText([...family('litellm_team_spend'), ...family('litellm_org_spend')], state),
    ).toBe(`# TYPE litellm_team_spend gauge
litellm_team_spend{team_id="t1",team_alias="Red",model="m"} 67
litellm_team_spend{team_id="t2",team_alias="none",model="m"} 12
# TYPE litellm_org_spend gauge
litellm_org_spend{organization_id="o1",organization_alias="Acme",model="m"} 5
litellm_org_spend{organization_id="o2",organization_alias="Beta",model="m"} 34
`);
  });

  it('leave spend by organization out where LiteLLM has no organizations', async () => {
    expect(await samplesText(family('litellm_org_spend'), new FakeState({ absent: ['organization'] }))).toBe('');
  });

  it('show tags as they are, quotes and newlines escaped', async () => {
    const state = new FakeState({ series: { spend_by_tag: [[['a "b"\n\\c 🦙'], 2, 0.1]] } });
    expect(await samplesText(family('litellm_tag_spend'), state)).toBe(
      '# TYPE litellm_tag_spend gauge\nlitellm_tag_spend{tag="a \\"b\\"\\n\\\\c 🦙"} 0.1\n',
    );
  });

  it('sum keys of the same name and alias, follow replaced tokens, and count UI keys and unknown ones', async () => {
    const state = new FakeState({
      entities: [
        key('new', { keyName: 'sk-...1', keyAlias: 'app' }),
        key('twin', { keyName: 'sk-...1', keyAlias: 'app' }),
        key('ui', { keyName: 'sk-...2', teamId: 'litellm-dashboard' }),
      ],
      replaced: { old: 'new' },
      series: {
        spend_by_key: [
          [['old'], 1, 1],
          [['new'], 1, 2],
          [['twin'], 1, 4],
          [['ui'], 1, 8],
          [['gone'], 1, 16],
          [[''], 1, 32],
        ],
      },
    });
    expect(await samplesText(family('litellm_key_spend'), state)).toBe(`# TYPE litellm_key_spend gauge
litellm_key_spend{key_name="sk-...1",key_alias="app"} 7
litellm_key_spend{key_name="sk-...2",key_alias="none"} 8
litellm_key_spend{key_name="none",key_alias="none"} 48
`);
  });

  it('print HELP and TYPE without series', async () => {
    const text = await renderedText(SPEND_FAMILIES, new FakeState());
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual(['']);
    expect(text.match(/^# TYPE/gm)).toHaveLength(SPEND_FAMILIES.length);
  });
});
