import { describe, expect, it } from '@jest/globals';
import { endUser, FakeState, key, project, team, user } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { TEAM_FAMILIES } from './teams.js';

describe('team families', () => {
  it('count members by role, by the older arrays where there are no roles, and show what is blocked', async () => {
    const state = new FakeState({
      entities: [
        team('t', { teamAlias: 'Red', roleCounts: { members: 3, admins: 0 }, admins: ['a'], blocked: true }),
        team('old', { admins: ['a', 'b', 'a'], members: ['b', 'c', ''] }),
        team('empty'),
        key('k', { keyName: 'sk-...1', blocked: true }),
        key('ui', { teamId: 'litellm-dashboard', blocked: true }),
        endUser('e', { alias: 'Eve', blocked: true }),
        endUser('u', { blocked: true }),
        user('u', { userAlias: 'Ann' }),
        project('p', { projectAlias: 'Moon', blocked: true }),
        project('q'),
      ],
    });
    expect(await samplesText(TEAM_FAMILIES, state)).toBe(`# TYPE litellm_member_count gauge
litellm_member_count{team_id="t",team_alias="Red"} 3
litellm_member_count{team_id="old",team_alias="none"} 3
litellm_member_count{team_id="empty",team_alias="none"} 0
# TYPE litellm_admin_count gauge
litellm_admin_count{team_id="t",team_alias="Red"} 0
litellm_admin_count{team_id="old",team_alias="none"} 2
litellm_admin_count{team_id="empty",team_alias="none"} 0
# TYPE litellm_blocked_status gauge
litellm_blocked_status{entity_type="team",entity_id="t",entity_alias="Red"} 1
litellm_blocked_status{entity_type="key",entity_id="k",entity_alias="sk-...1"} 1
litellm_blocked_status{entity_type="end_user",entity_id="e",entity_alias="Eve"} 1
litellm_blocked_status{entity_type="end_user",entity_id="u",entity_alias="none"} 1
litellm_blocked_status{entity_type="user",entity_id="u",entity_alias="Ann"} 1
litellm_blocked_status{entity_type="project",entity_id="p",entity_alias="Moon"} 1
`);
  });
});
