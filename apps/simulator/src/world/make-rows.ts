import type { Random } from '../random.js';
import { awkwardAliases, awkwardIds } from './awkward-names.js';
import { drawAmount, drawBudget, drawLimits, drawModels } from './limits.js';
import type { Model } from './model-catalogue.js';
import type { BudgetRow, EndUserRow, KeyRow, Member, ModelRow, OrganizationRow, TeamRow, UserRow } from './rows.js';
import type { World } from './world.js';

const DAY = 86_400_000;

/** What the makers of rows draw from. */
export interface Draw {
  readonly random: Random;
  readonly now: number;
  readonly world: World;
}

const firstNames = ['Ada', 'Grace', 'Linus', 'Barbara', 'Edsger', 'Radia', 'Donald', 'Frances', 'Ken', 'Margaret'];
const purposes = ['search', 'chatbot', 'batch', 'ci', 'notebook', 'agents', 'support', 'translate'];

/** An alias of the plain kind most of the time, else one that breaks exporters. */
export function drawAlias(random: Random, plain: string): string | null {
  return random.chance(0.2) ? random.pick(awkwardAliases) : plain;
}

/** An id that nobody has yet: a UUID, or free text. */
export function drawId(random: Random, taken: (id: string) => boolean): string {
  const free = random.pick(awkwardIds);
  return random.chance(0.15) && !taken(free) ? free : random.uuid();
}

const by = { created_by: 'default_user_id', updated_by: 'default_user_id' };

/** A budget row. `tier`: shared by many; otherwise made for one entity. */
export function makeBudget({ random, now, world }: Draw, name?: string): BudgetRow {
  const row = {
    budget_id: name ?? random.uuid(),
    ...drawBudget(random, now, 0.85),
    ...drawLimits(random),
    soft_budget: random.chance(0.3) ? drawAmount(random) : null,
    ...by,
  };
  world.budgets.push(row);
  return row;
}

/** An organization with a budget row of its own. */
export function makeOrganization(draw: Draw, index: number): OrganizationRow {
  const { random, world } = draw;
  const row = {
    organization_id: drawId(random, (id) => world.organizations.some((other) => other.organization_id === id)),
    organization_alias: drawAlias(random, `Organization ${index}`) ?? '',
    budget_id: makeBudget(draw).budget_id,
    models: drawModels(random, groupsOf(world), false),
    spend: random.logNormal(300, 1),
    ...by,
  };
  world.organizations.push(row);
  return row;
}

/** An internal user. */
export function makeUser({ random, now, world }: Draw, index: number): UserRow {
  const name = `${random.pick(firstNames)} ${index}`;
  const row: UserRow = {
    user_id:
      index === 0 ? 'default_user_id' : drawId(random, (id) => world.users.some((other) => other.user_id === id)),
    user_alias: random.chance(0.3) ? null : drawAlias(random, name),
    user_email: random.chance(0.2) ? null : `${name.toLowerCase().replace(' ', '.')}@example.com`,
    user_role: index === 0 ? 'proxy_admin' : random.pick(['internal_user', 'internal_user_viewer', 'customer']),
    password: random.chance(0.5) ? `scrypt:must-never-be-shown-${random.hex(64)}` : null,
    organization_id: random.chance(0.3) ? (someOf(random, world.organizations)?.organization_id ?? null) : null,
    teams: [],
    ...drawBudget(random, now, 0.4),
    spend: random.logNormal(20, 1.2),
    models: drawModels(random, groupsOf(world), false),
    ...drawLimits(random),
  };
  world.users.push(row);
  return row;
}

/** A team, its members and, for some of them, the rows of their places. `size` members are drawn. */
export function makeTeam(draw: Draw, index: number, size: number): TeamRow {
  const { random, now, world } = draw;
  const legacy = random.chance(0.1);
  const users = size === 0 ? [] : Array.from({ length: size }, () => random.pick(world.users));
  const row: TeamRow = {
    team_id: drawId(random, (id) => world.teams.some((other) => other.team_id === id)),
    team_alias: drawAlias(random, `Team ${index}`),
    organization_id: random.chance(0.7) ? (someOf(random, world.organizations)?.organization_id ?? null) : null,
    // Before roles existed, the two lists were all there was.
    admins: legacy ? [...new Set(users.slice(0, 2).map((user) => user.user_id))] : [],
    members: legacy ? users.map((user) => user.user_id) : [],
    members_with_roles: {},
    metadata: random.chance(0.3) ? { cost_center: `cc-${index}`, note: 'line\nbreak "quoted"' } : {},
    ...drawBudget(random, now, 0.6),
    soft_budget: random.chance(0.3) ? drawAmount(random) : null,
    spend: random.logNormal(100, 1.2),
    models: drawModels(random, groupsOf(world), false),
    ...drawLimits(random),
    blocked: random.chance(0.06),
  };
  world.teams.push(row);
  if (!legacy) setMembers(draw, row, users);
  return row;
}

/** Writes a team's members whole, as LiteLLM does, and makes places for most of them. */
export function setMembers({ random, world }: Draw, team: TeamRow, users: readonly UserRow[]): void {
  const unique = [...new Set(users)];
  const members: Member[] = unique.map((user, index) => ({
    user_id: random.chance(0.03) ? null : user.user_id,
    user_email: user.user_email,
    role: index === 0 || random.chance(0.1) ? 'admin' : 'user',
  }));
  if (unique.length === 0) team.members_with_roles = {};
  else team.members_with_roles = random.chance(0.05) ? JSON.stringify(members) : members;
  for (const user of unique) {
    if (!user.teams.includes(team.team_id)) user.teams.push(team.team_id);
    const known = world.membership(team.team_id, user.user_id) !== undefined;
    if (known || random.chance(0.1)) continue;
    const budget_id = random.chance(0.4) ? (someOf(random, world.budgets)?.budget_id ?? null) : null;
    world.memberships.push({ user_id: user.user_id, team_id: team.team_id, spend: random.logNormal(5, 1), budget_id });
  }
}

/** The columns by which a key expires, or does not. */
function drawExpiry(random: Random, now: number): number | null {
  return random.weighted<number | null>([
    [70, null],
    [10, now - Math.round(random.next() * 20 * DAY)],
    [15, now + Math.round(random.next() * 60 * DAY)],
    [5, now + random.integer(5_000, 120_000)],
  ]);
}

/** A virtual key of a user, a team, both or nobody. */
export function makeKey(draw: Draw, index: number): KeyRow {
  const { random, now, world } = draw;
  const owner = random.chance(0.75) ? someOf(random, world.users) : undefined;
  const team = random.chance(0.7) ? someOf(random, world.teams) : undefined;
  const tier = random.chance(0.3);
  const row: KeyRow = {
    token: random.hex(64),
    key_name: random.chance(0.03) ? null : `sk-...${random.pick(['AbC1', 'zZ_9', '0000', random.hex(4)])}`,
    key_alias: random.chance(0.3) ? random.pick(['', null]) : drawAlias(random, `${random.pick(purposes)}-${index}`),
    spend: random.logNormal(15, 1.5),
    expires: drawExpiry(random, now),
    models: drawModels(random, groupsOf(world), true),
    user_id: owner?.user_id ?? (random.chance(0.5) ? null : ''),
    team_id: team?.team_id ?? null,
    organization_id: random.chance(0.2) ? (team?.organization_id ?? null) : null,
    project_id: null,
    metadata: random.chance(0.2) ? { owner: index, tags: ['from-key'] } : {},
    ...drawLimits(random),
    blocked: random.weighted<boolean | null>([
      [80, null],
      [12, false],
      [8, true],
    ]),
    ...drawBudget(random, now, tier ? 0.15 : 0.5),
    budget_id: tier || random.chance(0.1) ? (someOf(random, world.budgets)?.budget_id ?? null) : null,
    ...by,
  };
  world.keys.push(row);
  return row;
}

/** A customer of a customer. */
export function makeEndUser({ random, world }: Draw, id: string): EndUserRow {
  const row = {
    user_id: id,
    alias: random.chance(0.2) ? drawAlias(random, `Customer ${id}`) : null,
    spend: random.logNormal(2, 1),
    budget_id: random.chance(0.15) ? (someOf(random, world.budgets)?.budget_id ?? null) : null,
    blocked: random.chance(0.05),
  };
  world.endUsers.push(row);
  return row;
}

/** The database row of a model. The strings of `litellm_params` stand for what LiteLLM encrypts: no exporter may show them. */
export function makeModelRow({ random, world }: Draw, model: Model): ModelRow {
  const info = { id: model.modelId, db_model: true, base_model: model.baseModel, mode: model.mode };
  const row: ModelRow = {
    model_id: model.modelId,
    model_name: model.group,
    litellm_params: {
      model: `must-never-be-shown-${random.hex(40)}`,
      api_key: `must-never-be-shown-${random.hex(16)}`,
      tpm: 100_000,
    },
    model_info: random.chance(0.1) ? JSON.stringify(info) : random.chance(0.1) ? {} : info,
    ...by,
  };
  world.modelRows.push(row);
  return row;
}

/** Public names of all models. */
export function groupsOf(world: World): string[] {
  return world.models.map((model) => model.group);
}

function someOf<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : random.pick(items);
}
