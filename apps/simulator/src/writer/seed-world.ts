import type { Database } from '../database.js';
import type { World } from '../world/world.js';
import type { RowWriter } from './insert.js';

/** Writes all entities of a world in one transaction; rows that are there already stay as they are. */
export async function seedWorld(database: Database, writer: RowWriter, world: World): Promise<number> {
  const tables: readonly (readonly [table: string, rows: readonly object[]])[] = [
    ['LiteLLM_BudgetTable', world.budgets],
    ['LiteLLM_ProxyModelTable', world.modelRows],
    ['LiteLLM_OrganizationTable', world.organizations],
    ['LiteLLM_TeamTable', world.teams],
    ['LiteLLM_UserTable', world.users],
    ['LiteLLM_ProjectTable', world.projects],
    ['LiteLLM_VerificationToken', world.keys],
    ['LiteLLM_EndUserTable', world.endUsers],
    ['LiteLLM_TeamMembership', world.memberships],
    ['LiteLLM_OrganizationMembership', world.organizationMemberships],
    ['LiteLLM_TagTable', world.tags],
  ];
  return database.transaction(async (session) => {
    let written = 0;
    for (const [table, rows] of tables) written += await writer.insert(session, table, rows);
    return written;
  });
}
