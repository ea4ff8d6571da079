import { drawAlias, makeBudget, makeEndUser, makeOrganization, makeUser } from '../world/make-rows.js';
import type { UserRow } from '../world/rows.js';
import { remove } from '../world/world.js';
import { did, drawOf, type Step, type StepContext, shown, withOne } from './step.js';

const USERS = 'LiteLLM_UserTable';
const ORGANIZATIONS = 'LiteLLM_OrganizationTable';
const END_USERS = 'LiteLLM_EndUserTable';
const KEYS = 'LiteLLM_VerificationToken';

async function createOrganization(context: StepContext): Promise<string> {
  const { database, writer, world } = context;
  const organization = makeOrganization(drawOf(context), world.organizations.length);
  const budget = world.budgets.find(({ budget_id }) => budget_id === organization.budget_id);
  await database.transaction(async (session) => {
    await writer.insert(session, 'LiteLLM_BudgetTable', budget === undefined ? [] : [budget]);
    await writer.insert(session, ORGANIZATIONS, [organization]);
  });
  return `organization ${shown(organization.organization_alias)} made`;
}

/** A user goes with his keys and places; teams that list him keep the entry, as LiteLLM leaves it for UI users. */
async function destroyUser(context: StepContext, user: UserRow): Promise<string> {
  const { database, writer, world } = context;
  const { user_id } = user;
  await database.transaction(async (session) => {
    await writer.archive(session, [KEYS, 'LiteLLM_DeletedVerificationToken'], { user_id });
    await writer.delete(session, KEYS, { user_id });
    await writer.delete(session, 'LiteLLM_TeamMembership', { user_id });
    await writer.delete(session, 'LiteLLM_OrganizationMembership', { user_id });
    await writer.delete(session, USERS, { user_id });
  });
  for (const key of world.keys.filter((row) => row.user_id === user_id)) world.removeKey(key);
  for (const row of world.memberships.filter((place) => place.user_id === user_id)) remove(world.memberships, row);
  remove(world.users, user);
  return `user ${shown(user_id)} deleted`;
}

async function blockEndUser(context: StepContext): Promise<string> {
  const { database, writer, world, random } = context;
  const blocked = world.endUsers.filter((row) => row.blocked);
  if (blocked.length > 0 && random.chance(0.4)) {
    const row = random.pick(blocked);
    row.blocked = false;
    await writer.update(database, END_USERS, { user_id: row.user_id }, { blocked: false });
    return `end user ${shown(row.user_id)} unblocked`;
  }
  // Blocking somebody never seen makes his row; blocking an internal user's id blocks that user.
  const known = (random.chance(0.5) ? world.endUsers : world.users).map((row) => row.user_id);
  const id = known.length > 0 && random.chance(0.8) ? random.pick(known) : `blocked-${random.hex(4)}`;
  const existing = world.endUsers.find((row) => row.user_id === id);
  const row = existing ?? makeEndUser(drawOf(context), id);
  row.blocked = true;
  await database.transaction(async (session) => {
    await writer.insert(session, END_USERS, [row]);
    await writer.update(session, END_USERS, { user_id: id }, { blocked: true });
  });
  return `end user ${shown(id)} blocked`;
}

async function createBudget(context: StepContext): Promise<string> {
  const row = makeBudget(drawOf(context));
  await context.writer.insert(context.database, 'LiteLLM_BudgetTable', [row]);
  return `budget ${row.budget_id.slice(0, 8)} made`;
}

/** What happens to organizations, users, end users and projects. */
export const peopleSteps = {
  createOrganization: { weight: 0.5, run: async (context) => did(await createOrganization(context)) },
  renameOrganization: {
    weight: 1,
    run: (context) =>
      withOne(context, context.world.organizations, async (organization) => {
        const alias = drawAlias(context.random, `Renamed organization ${context.random.integer(1, 99)}`) ?? '';
        organization.organization_alias = alias;
        const { organization_id } = organization;
        await context.writer.update(
          context.database,
          ORGANIZATIONS,
          { organization_id },
          { organization_alias: alias },
        );
        return `organization ${shown(organization_id)} renamed to ${shown(alias)}`;
      }),
  },
  createUser: {
    weight: 1,
    run: async (context) => {
      const user = makeUser(drawOf(context), context.world.users.length + 1);
      await context.writer.insert(context.database, USERS, [user]);
      return did(`user ${shown(user.user_id)} made`);
    },
  },
  renameUser: {
    weight: 2,
    run: (context) =>
      withOne(context, context.world.users, async (user) => {
        const user_alias = drawAlias(context.random, `Renamed user ${context.random.integer(1, 999)}`);
        user.user_alias = user_alias;
        await context.writer.update(context.database, USERS, { user_id: user.user_id }, { user_alias });
        return `user ${shown(user.user_id)} renamed to ${shown(user_alias)}`;
      }),
  },
  deleteUser: {
    weight: 0.5,
    run: (context) => withOne(context, context.world.users.slice(1), (user) => destroyUser(context, user)),
  },
  blockEndUser: { weight: 2, run: async (context) => did(await blockEndUser(context)) },
  blockProject: {
    weight: 1,
    run: (context) =>
      withOne(context, context.world.projects, async (project) => {
        project.blocked = !project.blocked;
        const { project_id, blocked } = project;
        await context.writer.update(context.database, 'LiteLLM_ProjectTable', { project_id }, { blocked });
        return `project ${shown(project_id)} ${blocked ? 'blocked' : 'unblocked'}`;
      }),
  },
  createBudget: { weight: 0.5, run: async (context) => did(await createBudget(context)) },
} satisfies Record<string, Step>;
