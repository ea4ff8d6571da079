import type { Random } from '../random.js';
import { awkwardIds, awkwardTags } from './awkward-names.js';
import type { Draw } from './make-rows.js';
import {
  drawAlias,
  drawId,
  makeBudget,
  makeEndUser,
  makeKey,
  makeModelRow,
  makeOrganization,
  makeTeam,
  makeUser,
} from './make-rows.js';
import { makeModel } from './model-catalogue.js';
import type { WorldSize } from './sizes.js';
import { DASHBOARD_TEAM, World } from './world.js';

const TIERS = 5;
const DASHBOARD_KEYS = 3;
/** A team so large that PostgreSQL stores its member list out of line: updates of its spend then don't carry it. */
const CROWD = 300;

/** A world of the given size; equal arguments give an equal world. */
export function buildWorld(random: Random, size: WorldSize, now: number): World {
  const draw: Draw = { random, now, world: new World() };
  addModels(draw, size.models);
  for (let index = 0; index < TIERS; index += 1) makeBudget(draw, `tier-${index}`);
  for (let index = 0; index < size.organizations; index += 1) makeOrganization(draw, index);
  for (let index = 0; index < size.users; index += 1) makeUser(draw, index);
  addTeams(draw, size);
  addProjects(draw, Math.ceil(size.teams / 3));
  for (let index = 0; index < size.keys; index += 1) makeKey(draw, index);
  addTwins(draw);
  addDashboardKeys(draw);
  addEndUsers(draw, size.users);
  addTags(draw, size.tags);
  addOrganizationMembers(draw);
  return draw.world;
}

function addModels(draw: Draw, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const model = makeModel(draw.random, index);
    draw.world.models.push(model);
    if (model.inDatabase) makeModelRow(draw, model);
  }
}

function addTeams(draw: Draw, size: WorldSize): void {
  const { random, world } = draw;
  for (let index = 0; index < size.teams; index += 1) {
    makeTeam(draw, index, Math.min(size.users, random.integer(0, 12)));
  }
  const crowd = makeTeam(draw, size.teams, 0);
  crowd.team_alias = 'Everybody';
  crowd.members_with_roles = Array.from({ length: CROWD }, (_, index) => ({
    user_id: random.uuid(),
    user_email: `${random.hex(20)}@example.com`,
    role: index < 7 ? 'admin' : 'user',
  }));
  world.teams.unshift(world.teams.pop() as (typeof world.teams)[number]);
}

function addProjects({ random, world }: Draw, count: number): void {
  for (let index = 0; index < count; index += 1) {
    world.projects.push({
      project_id: drawId(random, (id) => world.projects.some((other) => other.project_id === id)),
      project_alias: drawAlias(random, `Project ${index}`),
      team_id: world.teams.length === 0 ? null : random.pick(world.teams).team_id,
      budget_id: random.chance(0.6) ? random.pick(world.budgets).budget_id : null,
      models: [],
      spend: random.logNormal(30, 1),
      blocked: random.chance(0.15),
      created_by: 'default_user_id',
      updated_by: 'default_user_id',
    });
  }
}

/** Keys that share name and alias: their series are one. */
function addTwins(draw: Draw): void {
  const { random, world } = draw;
  for (const model of world.keys.filter(() => random.chance(0.1))) {
    const twin = makeKey(draw, world.keys.length);
    twin.key_name = model.key_name;
    twin.key_alias = model.key_alias;
  }
}

function addDashboardKeys(draw: Draw): void {
  for (let index = 0; index < DASHBOARD_KEYS; index += 1) {
    const key = makeKey(draw, draw.world.keys.length);
    key.team_id = DASHBOARD_TEAM;
    key.key_alias = null;
    key.expires = draw.now + 86_400_000;
  }
}

function addEndUsers(draw: Draw, users: number): void {
  const { random, world } = draw;
  const ids = new Set([...awkwardIds, ...Array.from({ length: users }, (_, index) => `customer-${index}`)]);
  // An internal user whose id is also an end user: LiteLLM blocks internal users by such a row.
  if (world.users.length > 1) ids.add(random.pick(world.users).user_id);
  for (const id of ids) makeEndUser(draw, id);
  const shared = world.endUsers[world.endUsers.length - 1];
  if (shared !== undefined) shared.blocked = true;
}

function addTags({ random, world }: Draw, count: number): void {
  const names = [...awkwardTags, ...Array.from({ length: count }, (_, index) => `feature-${index}`)].slice(0, count);
  world.tagNames.push(...names);
  for (const tag_name of names.filter(() => random.chance(0.5))) {
    const budget_id = random.chance(0.7) && world.budgets.length > 0 ? random.pick(world.budgets).budget_id : null;
    world.tags.push({ tag_name, description: null, models: [], spend: random.logNormal(10, 1), budget_id });
  }
}

function addOrganizationMembers({ random, world }: Draw): void {
  for (const user of world.users.filter(() => random.chance(0.3))) {
    if (world.organizations.length === 0) return;
    const { organization_id } = random.pick(world.organizations);
    world.organizationMemberships.push({ user_id: user.user_id, organization_id, user_role: 'internal_user' });
  }
}
