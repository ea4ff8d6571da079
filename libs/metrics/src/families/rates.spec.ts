import { describe, expect, it } from '@jest/globals';
import { FakeState, key, organization, team, user } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { RATE_FAMILIES } from './rates.js';

describe('rates of the last minute', () => {
  it('show users, teams, organizations and keys that exist, UI keys left out, replaced tokens summed', async () => {
    const state = new FakeState({
      entities: [
        user('u', { userAlias: 'Ann' }),
        team('t', { organizationId: 'o' }),
        organization('o', { organizationAlias: 'Acme' }),
        key('new', { keyName: 'sk-...1' }),
        key('ui', { teamId: 'litellm-dashboard' }),
      ],
      replaced: { old: 'new' },
      series: {
        rate_by_user: [
          [['u', 'm'], 2, 20],
          [['gone', 'm'], 1, 1],
        ],
        rate_by_team: [
          [['t', '', 'm'], 2, 20],
          [['t', 'o', 'm'], 1, 5],
          [['', 'o', 'n'], 1, 7],
        ],
        rate_by_key: [
          [['old', 'm'], 1, 10],
          [['new', 'm'], 1, 10],
          [['ui', 'm'], 1, 1],
          [['gone', 'm'], 1, 1],
        ],
      },
    });
    expect(await samplesText(RATE_FAMILIES, state)).toBe(`# TYPE litellm_current_tpm gauge
litellm_current_tpm{model="m",entity_type="user",entity_id="u",entity_alias="Ann"} 20
litellm_current_tpm{model="m",entity_type="team",entity_id="t",entity_alias="none"} 25
litellm_current_tpm{model="m",entity_type="organization",entity_id="o",entity_alias="Acme"} 25
litellm_current_tpm{model="n",entity_type="organization",entity_id="o",entity_alias="Acme"} 7
litellm_current_tpm{model="m",entity_type="key",entity_id="new",entity_alias="sk-...1"} 20
# TYPE litellm_current_rpm gauge
litellm_current_rpm{model="m",entity_type="user",entity_id="u",entity_alias="Ann"} 2
litellm_current_rpm{model="m",entity_type="team",entity_id="t",entity_alias="none"} 3
litellm_current_rpm{model="m",entity_type="organization",entity_id="o",entity_alias="Acme"} 3
litellm_current_rpm{model="n",entity_type="organization",entity_id="o",entity_alias="Acme"} 1
litellm_current_rpm{model="m",entity_type="key",entity_id="new",entity_alias="sk-...1"} 2
`);
  });
});
