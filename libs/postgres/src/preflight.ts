import { ExporterFailure, type Plugin, type SlotFacts } from '@app/change';
import { TABLE_NAMES, TABLES } from '@app/litellm';
import type { Connection } from './connection.js';
import type { PostgresOptions } from './options.js';
import { choosePlugin } from './plugin-choice.js';
import { probePlugin } from './plugin-probe.js';
import type { PublicationGaps } from './publication-check.js';
import { checkPublications } from './publication-preflight.js';
import type { PublicationPlan } from './publication-statements.js';
import { checkServer, type Findings } from './server-check.js';
import { readServerFacts, type ServerFacts } from './server-facts.js';
import { checkSlotIsOurs } from './slot-check.js';
import { readSlot } from './slot-facts.js';
import { checkTables, type UsableTables } from './table-check.js';
import { readTableStates, type TableStates } from './table-state.js';

/** What the preflight has found. Nothing has been created by it. */
export interface Preflight extends Findings {
  readonly server: ServerFacts;
  readonly slot: SlotFacts | null;
  /** Null where a failure came before the choice. */
  readonly plugin: Plugin | null;
  readonly tables: UsableTables;
  /** Empty under wal2json. */
  readonly publications: readonly PublicationPlan[];
  /** What is to be made or altered before a slot is, by us. */
  readonly repairs: readonly PublicationGaps[];
}

/** What the first part of the preflight, which reads no LiteLLM table, has found. */
export interface ServerPreflight extends Findings {
  readonly server: ServerFacts;
  readonly slot: SlotFacts | null;
}

/** The server itself: what every attempt asks first, and all that a replica asks that is not the leader. */
export async function preflightServer(control: Connection, options: PostgresOptions): Promise<ServerPreflight> {
  const server = await readServerFacts(control, options.schema);
  const slot = await readSlot(control, options.slot, server.version);
  const { failures, warnings } = checkServer(server, options, slot);
  const foreign = checkSlotIsOurs(slot, options.database);
  return { server, slot, failures: foreign === null ? failures : [...failures, foreign], warnings };
}

/** All checks, as many of them as make sense after the failures before; `failures` is empty where all is well. */
export async function preflight(
  control: Connection,
  options: PostgresOptions,
  first: ServerPreflight,
): Promise<Preflight> {
  const { server, slot } = first;
  const place = { schema: options.schema, role: server.role, publication: options.publication };
  const states: TableStates = server.schemaUsable ? await readTableStates(control, options.schema) : new Map();
  const tables = server.schemaUsable ? checkTables(states, place) : { failures: [], warnings: [], usable: new Map() };
  const failures = [...first.failures, ...tables.failures];
  const warnings = [...first.warnings, ...tables.warnings];
  const facts = { server, slot, tables: tables.usable };
  const plugin = first.failures.length > 0 ? null : await pluginOrFailure(control, options, first);
  if (plugin === null || plugin instanceof ExporterFailure) {
    const refused = plugin === null ? [] : [plugin];
    return { ...facts, failures: [...failures, ...refused], warnings, plugin: null, publications: [], repairs: [] };
  }
  if (plugin === 'wal2json') return { ...facts, failures, warnings, plugin, publications: [], repairs: [] };
  const publishable = publishableTables(states, tables.usable);
  if (publishable.size === 0) return { ...facts, failures, warnings, plugin, publications: [], repairs: [] };
  const found = await checkPublications(control, place, server, publishable);
  return {
    ...facts,
    failures: [...failures, ...found.failures],
    warnings: [...warnings, ...found.warnings],
    plugin,
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

async function pluginOrFailure(
  control: Connection,
  options: PostgresOptions,
  first: ServerPreflight,
): Promise<Plugin | ExporterFailure> {
  try {
    return await choosePlugin({
      wanted: options.plugin,
      slot: first.slot,
      allowed: first.server.outputPlugins,
      probe: (plugin) => probePlugin(control, plugin),
    });
  } catch (error) {
    if (error instanceof ExporterFailure) return error;
    throw error;
  }
}
