import type { Session } from '../database.js';
import { drawAlias, makeTeam, setMembers } from '../world/make-rows.js';
import type { TeamRow, UserRow } from '../world/rows.js';
import { remove } from '../world/world.js';
import { did, drawOf, type Step, type StepContext, shown, withOne } from './step.js';

const TEAMS = 'LiteLLM_TeamTable';
const MEMBERSHIPS = 'LiteLLM_TeamMembership';
const KEYS = 'LiteLLM_VerificationToken';

async function change(context: StepContext, team: TeamRow, changes: Partial<TeamRow>): Promise<void> {
  await context.writer.update(context.database, TEAMS, { team_id: team.team_id }, changes);
  Object.assign(team, changes);
}

async function create(context: StepContext): Promise<string> {
  const { world, writer, database, random } = context;
  const places = world.memberships.length;
  const team = makeTeam(drawOf(context), world.teams.length, world.users.length === 0 ? 0 : random.integer(0, 6));
  await database.transaction(async (session) => {
    await writer.insert(session, TEAMS, [team]);
    await writer.insert(session, MEMBERSHIPS, world.memberships.slice(places));
  });
  return `team ${shown(team.team_alias)} made`;
}

/** Members come and go: the list is rewritten whole, and so are the teams of the users and the rows of their places. */
async function reform(context: StepContext, team: TeamRow): Promise<string> {
  const { database, writer, world, random } = context;
  const known = new Set(world.memberships);
  const wanted = world.users.length === 0 ? 0 : random.pick([0, 1, 3, 8]);
  const users = Array.from({ length: wanted }, () => random.pick(world.users));
  setMembers(drawOf(context), team, users);
  const stay = new Set(users.map((user) => user.user_id));
  const gone = world.memberships.filter((row) => row.team_id === team.team_id && !stay.has(row.user_id));
  for (const row of gone) remove(world.memberships, row);
  await database.transaction(async (session) => {
    const { members_with_roles } = team;
    await writer.update(session, TEAMS, { team_id: team.team_id }, { members_with_roles });
    for (const { user_id, team_id } of gone) await writer.delete(session, MEMBERSHIPS, { user_id, team_id });
    await writer.insert(
      session,
      MEMBERSHIPS,
      world.memberships.filter((row) => !known.has(row)),
    );
    for (const { user_id, teams } of new Set(users))
      await writer.update(session, 'LiteLLM_UserTable', { user_id }, { teams });
  });
  return `team ${shown(team.team_alias)} has ${stay.size} members, ${gone.length} left`;
}

async function leave(context: StepContext, session: Session, users: readonly UserRow[]): Promise<void> {
  for (const { user_id, teams } of users)
    await context.writer.update(session, 'LiteLLM_UserTable', { user_id }, { teams });
}

/** A team goes with its keys and places; projects and log rows stay behind. */
async function destroy(context: StepContext, team: TeamRow): Promise<string> {
  const { database, writer, world } = context;
  const { team_id } = team;
  const keys = world.keys.filter((key) => key.team_id === team_id);
  const users = world.users.filter((user) => user.teams.includes(team_id));
  for (const user of users) remove(user.teams, team_id);
  await database.transaction(async (session) => {
    await writer.archive(session, [KEYS, 'LiteLLM_DeletedVerificationToken'], { team_id });
    await writer.delete(session, KEYS, { team_id });
    await leave(context, session, users);
    await writer.delete(session, MEMBERSHIPS, { team_id });
    await writer.archive(session, [TEAMS, 'LiteLLM_DeletedTeamTable'], { team_id });
    await writer.delete(session, TEAMS, { team_id });
  });
  for (const key of keys) world.removeKey(key);
  for (const place of world.memberships.filter((row) => row.team_id === team_id)) remove(world.memberships, place);
  for (const project of world.projects) if (project.team_id === team_id) project.team_id = null;
  remove(world.teams, team);
  return `team ${shown(team.team_alias)} deleted with ${keys.length} keys`;
}

/** What happens to teams. */
export const teamSteps = {
  createTeam: { weight: 1, run: async (context) => did(await create(context)) },
  renameTeam: {
    weight: 4,
    run: (context) =>
      withOne(context, context.world.teams, async (team) => {
        const old = team.team_alias;
        const team_alias = drawAlias(context.random, `Renamed team ${context.random.integer(1, 999)}`);
        await change(context, team, { team_alias });
        return `team ${shown(old)} renamed to ${shown(team_alias)}`;
      }),
  },
  /** The team moves to another organization, or to none: its past spend is then the other organization's. */
  moveTeam: {
    weight: 3,
    run: (context) =>
      withOne(context, context.world.teams, async (team) => {
        const { world, random } = context;
        const stays = world.organizations.length === 0 || random.chance(0.2);
        const organization_id = stays ? null : random.pick(world.organizations).organization_id;
        await change(context, team, { organization_id });
        return `team ${shown(team.team_alias)} moved to organization ${shown(organization_id)}`;
      }),
  },
  changeMembers: {
    weight: 3,
    run: (context) => withOne(context, context.world.teams, (team) => reform(context, team)),
  },
  blockTeam: {
    weight: 2,
    run: (context) =>
      withOne(context, context.world.teams, async (team) => {
        await change(context, team, { blocked: !team.blocked });
        return `team ${shown(team.team_alias)} ${team.blocked ? 'blocked' : 'unblocked'}`;
      }),
  },
  deleteTeam: {
    weight: 0.5,
    run: (context) => withOne(context, context.world.teams, (team) => destroy(context, team)),
  },
} satisfies Record<string, Step>;
