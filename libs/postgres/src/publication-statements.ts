import { publishedColumns, qualifiedName, quoteIdentifier, relationOf, type TableName } from '@app/litellm';
import type { TableState, TableStates } from './table-state.js';

/** One table of a publication. */
export interface PublishedTable {
  readonly table: TableName;
  /** Null where whole rows are published. */
  readonly columns: readonly string[] | null;
}

/** A publication as it should be. */
export interface PublicationPlan {
  readonly name: string;
  /** What `publish` says. */
  readonly operations: readonly Operation[];
  readonly tables: readonly PublishedTable[];
}

/** An operation that a publication can carry. */
export type Operation = 'insert' | 'update' | 'delete' | 'truncate';

/** First version with column lists. */
const COLUMN_LISTS = 150_000;

/**
 * Names of the two publications. Two, because `publish` holds for a whole publication: of spend logs only inserts are
 * wanted (a retention job's deletes would travel for nothing), of entities every operation.
 */
export function publicationNames(stem: string): { readonly spendLogs: string; readonly entities: string } {
  return { spendLogs: stem, entities: `${stem}_entities` };
}

/**
 * The publications as they should be, over the tables that there are.
 *
 * An entity table without a usable replica identity is left out: once published, LiteLLM's own UPDATE of it would fail.
 * For the same reason a column list holds the columns of the identity, and a table under REPLICA IDENTITY FULL has none.
 */
export function planPublications(stem: string, tables: TableStates, version: number): readonly PublicationPlan[] {
  const names = publicationNames(stem);
  const entities: PublishedTable[] = [];
  const spendLogs: PublishedTable[] = [];
  for (const [table, state] of tables) {
    if (table === 'spend_logs') spendLogs.push({ table, columns: columnList(table, state, version) });
    else if (state.identityColumns.length > 0) entities.push({ table, columns: columnList(table, state, version) });
  }
  return [
    { name: names.spendLogs, operations: ['insert'], tables: spendLogs },
    { name: names.entities, operations: ['insert', 'update', 'delete', 'truncate'], tables: entities },
  ];
}

/** The statement that makes a publication. */
export function createPublicationStatement(plan: PublicationPlan, schema: string): string {
  return `CREATE PUBLICATION ${quoteIdentifier(plan.name)} FOR TABLE\n${tableList(plan, schema)}\n  WITH (${parameters(plan)});`;
}

/** The statements that make an existing publication what it should be. */
export function alterPublicationStatements(plan: PublicationPlan, schema: string): readonly string[] {
  const name = quoteIdentifier(plan.name);
  return [
    `ALTER PUBLICATION ${name} SET TABLE\n${tableList(plan, schema)};`,
    `ALTER PUBLICATION ${name} SET (${parameters(plan)});`,
  ];
}

function columnList(table: TableName, state: TableState, version: number): readonly string[] | null {
  if (version < COLUMN_LISTS || (table !== 'spend_logs' && state.identity === 'f')) return null;
  const columns = new Set(publishedColumns(table, new Set(state.columns)));
  if (table !== 'spend_logs') for (const column of state.identityColumns) columns.add(column);
  return [...columns];
}

function tableList(plan: PublicationPlan, schema: string): string {
  return plan.tables
    .map(({ table, columns }) => {
      const list = columns === null ? '' : ` (${columns.map(quoteIdentifier).join(', ')})`;
      return `  ${qualifiedName(schema, relationOf(table))}${list}`;
    })
    .join(',\n');
}

function parameters(plan: PublicationPlan): string {
  return `publish = '${plan.operations.join(', ')}', publish_via_partition_root = true`;
}
