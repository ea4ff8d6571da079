import type { SchemaSight } from '@app/litellm';
import type { Connection } from './connection.js';
import { shapeOf } from './schema-shape.js';
import { preflightTables, type TablePlace } from './table-preflight.js';

/** What the server says where a lock is not to be had in time: a migration is at work. */
const BUSY = new Set(['55P03', '57014']);

/** See `UpstreamSession.schema`. Catalogues only. */
export async function lookAtSchema(control: Connection, place: TablePlace): Promise<SchemaSight | null> {
  try {
    const { failures, warnings, tables, repairs } = await preflightTables(control, place);
    const unpublished = failures.find(({ kind }) => kind.startsWith('publication-'));
    const failure = unpublished ?? failures[0];
    if (failure !== undefined) throw failure;
    return { ...shapeOf(tables, repairs), warnings };
  } catch (error) {
    if (BUSY.has(String((error as { code?: unknown } | null)?.code))) return null;
    throw error;
  }
}
