import type { SpendLogRow } from '../traffic/spend-log-row.js';
import { DASHBOARD_TEAM, type World } from '../world/world.js';

/** What a flush will add to one row of a table. */
export interface Increment {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  spend: number;
}

/** A row of the daily rollup, before it is added to what the day has. */
export interface DailyUse {
  readonly user_id: string;
  readonly date: string;
  readonly api_key: string;
  readonly model: string;
  readonly custom_llm_provider: string;
  spend: number;
  requests: number;
}

/** In this order LiteLLM writes them, each table in a transaction of its own. */
export const flushOrder = [
  'LiteLLM_UserTable',
  'LiteLLM_EndUserTable',
  'LiteLLM_VerificationToken',
  'LiteLLM_TeamTable',
  'LiteLLM_TeamMembership',
  'LiteLLM_OrganizationTable',
  'LiteLLM_TagTable',
  'LiteLLM_ProjectTable',
] as const;

/**
 * What requests cost since the last flush, by entity. As in LiteLLM an entity that was active is written even when
 * nothing is added to it, and a log row and the spend it caused reach the database in separate transactions.
 */
export class SpendLedger {
  #increments = new Map<string, Increment>();
  #daily = new Map<string, DailyUse>();

  /** Notes a request. A spend that is not finite adds nothing: no LiteLLM would count on after it. */
  add(row: SpendLogRow, world: World): void {
    const spend = Number.isFinite(row.spend) ? row.spend : 0;
    const team = world.team(row.team_id);
    const organization = row.organization_id || team?.organization_id;
    this.#note('LiteLLM_VerificationToken', { token: row.api_key }, spend);
    if (row.user) this.#note('LiteLLM_UserTable', { user_id: row.user }, spend);
    if (row.end_user) this.#note('LiteLLM_EndUserTable', { user_id: row.end_user }, spend);
    if (team !== undefined && team.team_id !== DASHBOARD_TEAM) {
      this.#note('LiteLLM_TeamTable', { team_id: team.team_id }, spend);
      if (row.user) this.#note('LiteLLM_TeamMembership', { user_id: row.user, team_id: team.team_id }, spend);
    }
    if (organization) this.#note('LiteLLM_OrganizationTable', { organization_id: organization }, spend);
    if (Array.isArray(row.request_tags)) {
      for (const tag of new Set(row.request_tags)) {
        if (typeof tag === 'string' && tag !== '') this.#note('LiteLLM_TagTable', { tag_name: tag }, spend);
      }
    }
    this.#noteDay(row, spend);
  }

  /** Hands over what has gathered, in the order of the tables, and starts anew. */
  take(): { increments: readonly Increment[]; daily: readonly DailyUse[] } {
    const increments = [...this.#increments.values()].sort(
      (a, b) =>
        flushOrder.indexOf(a.table as (typeof flushOrder)[number]) -
        flushOrder.indexOf(b.table as (typeof flushOrder)[number]),
    );
    const daily = [...this.#daily.values()];
    this.#increments = new Map();
    this.#daily = new Map();
    return { increments, daily };
  }

  #note(table: (typeof flushOrder)[number], key: Readonly<Record<string, string>>, spend: number): void {
    const name = JSON.stringify([table, ...Object.values(key)]);
    const known = this.#increments.get(name);
    if (known === undefined) this.#increments.set(name, { table, key, spend });
    else known.spend += spend;
  }

  #noteDay(row: SpendLogRow, spend: number): void {
    const date = new Date(row.startTime).toISOString().slice(0, 10);
    const [user_id, custom_llm_provider] = [row.user ?? '', row.custom_llm_provider ?? ''];
    const key = { user_id, date, api_key: row.api_key, model: row.model, custom_llm_provider };
    const name = JSON.stringify(Object.values(key));
    const known = this.#daily.get(name) ?? { ...key, spend: 0, requests: 0 };
    known.spend += spend;
    known.requests += 1;
    this.#daily.set(name, known);
  }
}
