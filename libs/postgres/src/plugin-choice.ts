import { ExporterFailure, type Plugin, type SlotFacts } from '@app/change';
import type { PluginChoice } from './options.js';
import { ALLOW_WAL2JSON } from './plugin-probe.js';
import { pluginOfSlot } from './slot-check.js';

/** What the choice depends on. */
export interface PluginEvidence {
  readonly wanted: PluginChoice;
  readonly slot: SlotFacts | null;
  /** `output_plugin_libraries`; null where the server does not have it. */
  readonly allowed: string | null;
  /** Null where a slot with this plugin can be made. */
  readonly probe: (plugin: Plugin) => Promise<ExporterFailure | null>;
}

/**
 * Chooses the plugin: the one that is asked for; under `auto` that of the slot that is there already, else wal2json where
 * the server has it and allows it, else pgoutput.
 *
 * @throws ExporterFailure `plugin-refused` where the server does not have it, or does not let it be used.
 */
export async function choosePlugin(evidence: PluginEvidence): Promise<Plugin> {
  const { wanted, slot, allowed, probe } = evidence;
  const existing = slot === null ? null : pluginOfSlot(slot);
  const fixed = wanted === 'auto' ? existing : wanted;
  if (fixed !== null) {
    // A slot that works needs no probe, which would take a second slot; the list is what may have changed since.
    const refusal = fixed === existing ? refusedByList(fixed, allowed) : await probe(fixed);
    if (refusal !== null) throw refusal;
    return fixed;
  }
  const refusal = await probe('wal2json');
  if (refusal === null) return 'wal2json';
  if (refusal.kind !== 'plugin-refused') throw refusal;
  return 'pgoutput';
}

/** The names in `output_plugin_libraries`. */
export function allowedPlugins(setting: string): readonly string[] {
  return setting
    .split(',')
    .map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
    .filter((name) => name !== '');
}

function refusedByList(plugin: Plugin, allowed: string | null): ExporterFailure | null {
  if (allowed === null || allowedPlugins(allowed).includes(plugin)) return null;
  return new ExporterFailure({
    kind: 'plugin-refused',
    message: `the slot's plugin ${plugin} is not among output_plugin_libraries ("${allowed}"), which servers have since the minor releases of August 2026`,
    remedy: plugin === 'wal2json' ? ALLOW_WAL2JSON : `add ${plugin} to output_plugin_libraries`,
    section: '#wal2json',
  });
}
