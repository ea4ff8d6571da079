import type { Connection } from './connection.js';
import type { PublicationGaps, PublicationState, PublishedState } from './publication-check.js';
import {
  alterPublicationStatements,
  createPublicationStatement,
  type Operation,
  type PublicationPlan,
} from './publication-statements.js';

interface PublicationRow {
  name: string;
  owned: boolean;
  insert: boolean;
  update: boolean;
  delete: boolean;
  truncate: boolean;
  via_root: boolean;
}

interface PublishedRow {
  publication: string;
  relation: string;
  columns: string[] | null;
  filtered: boolean;
}

const PUBLICATIONS = `
  SELECT pubname::text AS name, pg_has_role(pubowner, 'USAGE') AS owned, pubinsert AS insert, pubupdate AS update,
         pubdelete AS delete, pubtruncate AS truncate, pubviaroot AS via_root
    FROM pg_publication WHERE pubname = ANY($1)`;

/** Column lists and row filters are known since PostgreSQL 15. */
function publishedTables(version: number): string {
  const lists =
    version >= 150_000 ? 'attnames::text[] AS columns, rowfilter IS NOT NULL' : 'NULL::text[] AS columns, false';
  return `SELECT pubname::text AS publication, tablename::text AS relation, ${lists} AS filtered
            FROM pg_publication_tables WHERE pubname = ANY($1) AND schemaname = $2`;
}

/** Reads what the catalogue says of the publications of these names. */
export async function readPublications(
  control: Connection,
  names: readonly string[],
  schema: string,
  version: number,
): Promise<ReadonlyMap<string, PublicationState>> {
  const publications = await control.query<PublicationRow & { [column: string]: unknown }>(PUBLICATIONS, [names]);
  const tables = await control.query<PublishedRow & { [column: string]: unknown }>(publishedTables(version), [
    names,
    schema,
  ]);
  return new Map(publications.map((row) => [row.name, stateOf(row, tables)]));
}

/** The statements that {@link carryOut} runs, for a text that asks an owner to. */
export function statementsFor(gaps: PublicationGaps, schema: string): readonly string[] {
  if (gaps.step === 'create') return [createPublicationStatement(gaps.plan, schema)];
  return gaps.step === 'alter' ? alterPublicationStatements(gaps.plan, schema) : [];
}

/** True where our role may do what the gaps ask for. */
export function mayCarryOut(
  gaps: PublicationGaps,
  state: PublicationState | undefined,
  may: { readonly create: boolean; readonly ownsTables: boolean },
): boolean {
  if (gaps.step === 'keep') return true;
  return may.ownsTables && (state === undefined ? may.create : state.owned);
}

/** Makes or mends publications, all or none. Takes SHARE UPDATE EXCLUSIVE, which no reader or writer waits for. */
export async function carryOut(control: Connection, gaps: readonly PublicationGaps[], schema: string): Promise<void> {
  const statements = gaps.flatMap((entry) => statementsFor(entry, schema));
  if (statements.length === 0) return;
  try {
    await control.query(['BEGIN;', ...statements, 'COMMIT;'].join('\n'));
  } catch (error) {
    await control.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Names of the publications that a stream subscribes to. */
export function namesOf(plans: readonly PublicationPlan[]): readonly string[] {
  return plans.map((plan) => plan.name);
}

function stateOf(row: PublicationRow, tables: readonly PublishedRow[]): PublicationState {
  const operations: Operation[] = [];
  for (const operation of ['insert', 'update', 'delete', 'truncate'] as const) {
    if (row[operation]) operations.push(operation);
  }
  const published = tables
    .filter((table) => table.publication === row.name)
    .map((table): [string, PublishedState] => [
      table.relation,
      { columns: table.columns === null ? null : new Set(table.columns), filtered: table.filtered },
    ]);
  return { name: row.name, owned: row.owned, operations, viaRoot: row.via_root, tables: new Map(published) };
}
