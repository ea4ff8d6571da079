import { qualifiedName, quoteIdentifier, relationOf, TABLE_NAMES, TABLES, type TableName } from '@app/litellm';
import type { TableStates } from './table-state.js';

/** The statements that give a role what the seed has to read, and no more, of the tables that there are. */
export function grantStatements(role: string, schema: string, tables: TableStates): readonly string[] {
  const to = quoteIdentifier(role);
  const grants = [...tables].map(([table, state]) => grantStatement(to, schema, table, new Set(state.columns)));
  return [`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${to};`, ...grants];
}

/** The same for the newest LiteLLM, whose tables and columns are all there. */
export function grantStatementsForAll(role: string, schema: string): readonly string[] {
  const to = quoteIdentifier(role);
  const grants = TABLE_NAMES.map((table) =>
    grantStatement(to, schema, table, new Set(TABLES[table].columns.map((column) => column.name))),
  );
  return [`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${to};`, ...grants];
}

function grantStatement(to: string, schema: string, table: TableName, available: ReadonlySet<string>): string {
  const columns = TABLES[table].columns.map((column) => column.name).filter((name) => available.has(name));
  return `GRANT SELECT (${columns.map(quoteIdentifier).join(', ')}) ON ${qualifiedName(schema, relationOf(table))} TO ${to};`;
}
