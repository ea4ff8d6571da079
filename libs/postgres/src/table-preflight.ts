import type { Plugin } from '@app/change';
import { TABLE_NAMES, TABLES } from '@app/litellm';
import type { Connection } from './connection.js';
import type { PostgresOptions } from './options.js';
import type { PublicationGaps } from './publication-check.js';
import { checkPublications } from './publication-preflight.js';
import type { PublicationPlan } from './publication-statements.js';
import type { Findings } from './server-check.js';
import type { ServerFacts } from './server-facts.js';
import { checkTables, type UsableTables } from './table-check.js';
import { readTableStates, type TableStates } from './table-state.js';

/** What can be read and followed of LiteLLM's tables, and what stands in the way of more. */
export interface TablePreflight extends Findings {
  readonly tables: UsableTables;
  /** Empty under wal2json. */
  readonly publications: readonly PublicationPlan[];
  /** What is to be made or altered before a slot is, by us. */
  readonly repairs: readonly PublicationGaps[];
}

/** What decides which tables and publications are looked at. */
export interface TablePlace {
  readonly options: PostgresOptions;
  readonly server: ServerFacts;
  /** Null where none could be chosen: then publications are nobody's concern. */
  readonly plugin: Plugin | null;
}

/** Checks tables, grants and publications by the catalogue alone; nothing is created. */
export async function preflightTables(control: Connection, place: TablePlace): Promise<TablePreflight> {
  const { options, server, plugin } = place;
  const names = { schema: options.schema, role: server.role, publication: options.publication };
  const states: TableStates = server.schemaUsable ? await readTableStates(control, options.schema) : new Map();
  const { usable, ...tables } = server.schemaUsable
    ? checkTables(states, names)
    : { failures: [], warnings: [], usable: new Map() };
  const existing = plugin === 'pgoutput' ? existingTables(states) : new Map();
  if (existing.size === 0) return { ...tables, tables: usable, publications: [], repairs: [] };
  const check = (held: UsableTables) => checkPublications(control, names, server, held);
  const narrow = tables.failures.length > 0 ? null : await check(usable);
  // Where nothing can begin, the statements are for all tables that there are: the owner is asked once.
  const found = narrow === null || narrow.failures.length > 0 ? await check(existing) : narrow;
  return {
    failures: [...tables.failures, ...found.failures],
    warnings: [...tables.warnings, ...found.warnings],
    tables: found.usable,
    publications: found.plans,
    repairs: found.repairs,
  };
}

/** The tables that there are, readable or not. Nothing where those that are required are not all there. */
function existingTables(states: TableStates): UsableTables {
  if (TABLE_NAMES.some((table) => TABLES[table].required && !states.has(table))) return new Map();
  return new Map([...states].map(([table, state]) => [table, { state, columns: new Set(state.columns) }]));
}
