import type { Model } from './model-catalogue.js';
import type {
  BudgetRow,
  EndUserRow,
  KeyRow,
  MembershipRow,
  ModelRow,
  OrganizationMembershipRow,
  OrganizationRow,
  ProjectRow,
  TagRow,
  TeamRow,
  UserRow,
} from './rows.js';

/** The team whose keys LiteLLM makes for log-ins to its dashboard. */
export const DASHBOARD_TEAM = 'litellm-dashboard';

/**
 * Everything that exists in one LiteLLM, as the simulator knows it. Steps change these rows and the database
 * together, so that what a seed leads to never depends on what is read back.
 */
export class World {
  readonly budgets: BudgetRow[] = [];
  readonly organizations: OrganizationRow[] = [];
  readonly teams: TeamRow[] = [];
  readonly users: UserRow[] = [];
  readonly keys: KeyRow[] = [];
  readonly endUsers: EndUserRow[] = [];
  readonly memberships: MembershipRow[] = [];
  readonly organizationMemberships: OrganizationMembershipRow[] = [];
  readonly projects: ProjectRow[] = [];
  readonly tags: TagRow[] = [];
  readonly modelRows: ModelRow[] = [];
  /** What traffic asks for: models of the database and of the config file. */
  readonly models: Model[] = [];
  /** Tags that requests bear; only some have a row. */
  readonly tagNames: string[] = [];
  /** Tokens that were rotated or deleted: late rows still name them. */
  readonly retiredTokens: string[] = [];

  /** The team of that id, if it is there. */
  team(id: string | null): TeamRow | undefined {
    return id === null || id === '' ? undefined : this.teams.find((team) => team.team_id === id);
  }

  /** The place of a user in a team, if there is a row for it. */
  membership(teamId: string, userId: string): MembershipRow | undefined {
    return this.memberships.find((row) => row.team_id === teamId && row.user_id === userId);
  }

  /** Keys that people and programs use, without those of dashboard log-ins. */
  get programKeys(): readonly KeyRow[] {
    return this.keys.filter((key) => key.team_id !== DASHBOARD_TEAM);
  }

  /** Takes a key out and remembers its token. */
  removeKey(key: KeyRow): void {
    remove(this.keys, key);
    this.retire(key.token);
  }

  /** Remembers a token that no key has any more. */
  retire(token: string): void {
    this.retiredTokens.push(token);
    if (this.retiredTokens.length > 1_000) this.retiredTokens.shift();
  }
}

/** Takes one item out of a list. */
export function remove<T>(items: T[], item: T): void {
  const index = items.indexOf(item);
  if (index >= 0) items.splice(index, 1);
}
