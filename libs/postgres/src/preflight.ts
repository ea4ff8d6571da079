import { ExporterFailure, type Plugin, type SlotFacts } from '@app/change';
import type { Connection } from './connection.js';
import type { PostgresOptions } from './options.js';
import { choosePlugin } from './plugin-choice.js';
import { probePlugin } from './plugin-probe.js';
import { warnUnusedPublications } from './publication-preflight.js';
import { checkServer, type Findings } from './server-check.js';
import { readServerFacts, type ServerFacts } from './server-facts.js';
import { checkSlotIsOurs } from './slot-check.js';
import { readSlot } from './slot-facts.js';
import { preflightTables, type TablePreflight } from './table-preflight.js';

/** What the preflight has found. Nothing has been created by it. */
export interface Preflight extends TablePreflight {
  readonly server: ServerFacts;
  readonly slot: SlotFacts | null;
  /** Null where a failure came before the choice, and it was not named. */
  readonly plugin: Plugin | null;
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
  const foreign = checkSlotIsOurs(slot, options);
  return { server, slot, failures: foreign === null ? failures : [...failures, foreign], warnings };
}

/** All checks, as many of them as make sense after the failures before; `failures` is empty where all is well. */
export async function preflight(
  control: Connection,
  options: PostgresOptions,
  first: ServerPreflight,
): Promise<Preflight> {
  const { server, slot } = first;
  // A probe makes a slot, which may be just what can't be done.
  const named = options.plugin === 'pgoutput' ? options.plugin : null;
  const plugin = first.failures.length > 0 ? named : await pluginOrFailure(control, options, first);
  const chosen = plugin instanceof ExporterFailure ? null : plugin;
  const found = await preflightTables(control, { options, server, plugin: chosen });
  const unused =
    options.plugin === 'auto' && chosen === 'wal2json' ? await warnUnusedPublications(control, options, server) : [];
  const refused = plugin instanceof ExporterFailure ? [plugin] : [];
  return {
    ...found,
    server,
    slot,
    plugin: chosen,
    failures: [...first.failures, ...found.failures, ...refused],
    warnings: [...first.warnings, ...found.warnings, ...unused],
  };
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
