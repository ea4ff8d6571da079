import { isUiKey, type TeamEntity } from '@app/litellm';
import { type GaugeFamily, gauge } from '../family.js';
import { each } from '../steps.js';
import { ENTITY_LABELS, isGiven, keyEntityAlias, orNone } from './labels.js';

/** Who is in a team, and what is blocked. */
export const TEAM_FAMILIES: readonly GaugeFamily[] = [
  teamFamily('litellm_member_count', 'Members of the team', (team) =>
    team.roleCounts.members > 0 ? team.roleCounts.members : distinct([...team.admins, ...team.members]),
  ),
  teamFamily('litellm_admin_count', 'Members of the team with role admin', (team) =>
    team.roleCounts.members > 0 ? team.roleCounts.admins : distinct(team.admins),
  ),
  gauge({
    name: 'litellm_blocked_status',
    help:
      '1 while the team, key, end user or project is blocked, or the internal user whose id is a blocked end user; ' +
      'no series otherwise.',
    labels: ENTITY_LABELS,
    kept: true,
    *collect({ view: { entities } }, emit) {
      const emitBlocked = (type: string, id: string, alias: string): void => emit([type, id, alias], 1);
      yield* each(entities.all('team'), (team) => {
        if (team.blocked) emitBlocked('team', team.teamId, orNone(team.teamAlias));
      });
      yield* each(entities.restrictedKeys(), (key) => {
        if (key.blocked && !isUiKey(key)) emitBlocked('key', key.token, keyEntityAlias(key));
      });
      yield* each(entities.all('end_user'), ({ userId, alias, blocked }) => {
        if (!blocked) return;
        emitBlocked('end_user', userId, orNone(alias));
        const user = entities.get('user', userId);
        if (user !== undefined) emitBlocked('user', userId, orNone(user.userAlias));
      });
      yield* each(entities.all('project'), (project) => {
        if (project.blocked) emitBlocked('project', project.projectId, orNone(project.projectAlias));
      });
    },
  }),
];

function teamFamily(name: string, what: string, count: (team: TeamEntity) => number): GaugeFamily {
  return gauge({
    name,
    help: `${what}, after members_with_roles, else after the older arrays.`,
    labels: ['team_id', 'team_alias'],
    kept: true,
    collect: ({ view }, emit) =>
      each(view.entities.all('team'), (team) => emit([team.teamId, orNone(team.teamAlias)], count(team))),
  });
}

function distinct(ids: readonly string[]): number {
  return new Set(ids.filter(isGiven)).size;
}
