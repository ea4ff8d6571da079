import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../random.js';
import { buildWorld } from './build-world.js';
import { worldSizes } from './sizes.js';
import { DASHBOARD_TEAM } from './world.js';

const NOW = Date.parse('2026-11-01T12:00:00Z');
const medium = buildWorld(new Random(1), worldSizes.medium, NOW);

describe('a world', () => {
  it('is the same for the same seed, size and time, and another for another seed', () => {
    expect(buildWorld(new Random(1), worldSizes.medium, NOW)).toEqual(medium);
    expect(buildWorld(new Random(2), worldSizes.medium, NOW).keys[0]?.token).not.toBe(medium.keys[0]?.token);
  });

  it('has distinct primary keys and budgets that exist, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const world = buildWorld(new Random(seed), worldSizes.small, NOW);
        const distinct = (ids: readonly string[]): void => expect(new Set(ids).size).toBe(ids.length);
        distinct(world.keys.map((row) => row.token));
        distinct(world.teams.map((row) => row.team_id));
        distinct(world.users.map((row) => row.user_id));
        distinct(world.organizations.map((row) => row.organization_id));
        distinct(world.projects.map((row) => row.project_id));
        distinct(world.endUsers.map((row) => row.user_id));
        distinct(world.tags.map((row) => row.tag_name));
        distinct(world.modelRows.map((row) => row.model_id));
        distinct(world.memberships.map((row) => JSON.stringify([row.team_id, row.user_id])));
        const budgets = new Set(world.budgets.map((row) => row.budget_id));
        for (const row of [...world.keys, ...world.organizations, ...world.memberships, ...world.tags]) {
          if (row.budget_id !== null) expect(budgets).toContain(row.budget_id);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('has aliases with quotes, backslashes, newlines, commas, slashes, emoji, and none at all', () => {
    const aliases = [...medium.keys.map((row) => row.key_alias), ...medium.teams.map((row) => row.team_alias)];
    for (const part of ['"', "'", '\\', '\n', ',', '/', '🚀']) {
      expect(aliases.filter((alias) => alias?.includes(part)).length).toBeGreaterThan(0);
    }
    expect(aliases).toContain('');
    expect(aliases).toContain(null);
  });

  it('has keys that share name and alias, blocked NULL, true and false, expired, unlimited and of log-ins', () => {
    const pairs = medium.keys.map((row) => JSON.stringify([row.key_name, row.key_alias]));
    expect(new Set(pairs).size).toBeLessThan(pairs.length - 20);
    expect(new Set(medium.keys.map((row) => row.blocked))).toEqual(new Set([null, true, false]));
    expect(medium.keys.some((row) => row.expires !== null && row.expires < NOW)).toBe(true);
    expect(medium.keys.some((row) => row.max_budget === 0)).toBe(true);
    expect(medium.keys.some((row) => row.budget_id !== null && row.max_budget === null)).toBe(true);
    expect(medium.keys.filter((row) => row.team_id === DASHBOARD_TEAM)).toHaveLength(3);
  });

  it('has member lists as {}, as a list, as JSON in a string, and one that PostgreSQL stores out of line', () => {
    const forms = medium.teams.map((row) => row.members_with_roles);
    expect(forms).toContainEqual({});
    expect(forms.some((form) => typeof form === 'string' && Array.isArray(JSON.parse(form)))).toBe(true);
    expect(Math.max(...forms.map((form) => JSON.stringify(form).length))).toBeGreaterThan(20_000);
    expect(medium.teams.some((row) => row.admins.length > 0)).toBe(true);
  });

  it('has models with and without a row, and secrets in the rows that no answer may show', () => {
    expect(medium.models.some((model) => !model.inDatabase)).toBe(true);
    expect(medium.modelRows).toHaveLength(medium.models.filter((model) => model.inDatabase).length);
    expect(JSON.stringify(medium.modelRows[0]?.litellm_params)).toContain('must-never-be-shown');
  });

  it('can be empty', () => {
    const nothing = { organizations: 0, teams: 0, users: 0, keys: 0, models: 1, tags: 0 };
    expect(buildWorld(new Random(1), nothing, NOW).models).toHaveLength(1);
  });
});
