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
  const publishable = plugin === 'pgoutput' ? publishableTables(states, usable) : new Map();
  if (publishable.size === 0) return { ...tables, tables: usable, publications: [], repairs: [] };
  const found = await checkPublications(control, names, server, publishable);
  return {
    failures: [...tables.failures, ...found.failures],
    warnings: [...tables.warnings, ...found.warnings],
    tables: found.usable,
    publications: found.plans,
    repairs: found.repairs,
  };
}

/**
 * What publications are held against: what is usable, and required tables that our role may not read yet, so that grants
 * and publications can be asked for together. Nothing where LiteLLM's tables are not there.
 */
function publishableTables(states: TableStates, usable: UsableTables): UsableTables {
  const required = TABLE_NAMES.filter((table) => TABLES[table].required);
  if (!required.every((table) => states.has(table))) return new Map();
  const unreadable = required.flatMap((table) => {
    const state = states.get(table);
    return state === undefined || usable.has(table)
      ? []
      : [[table, { state, columns: new Set(state.columns) }] as const];
  });
  return new Map([...usable, ...unreadable]);
}
