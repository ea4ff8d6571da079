import { relationOf, TABLES, type TableName } from '@app/litellm';
import type { Operation, PublicationPlan } from './publication-statements.js';
import type { TableStates } from './table-state.js';

/** One publication as it is. */
export interface PublicationState {
  readonly name: string;
  /** Our role is its owner, or a member of it. */
  readonly owned: boolean;
  readonly operations: readonly Operation[];
  readonly viaRoot: boolean;
  /** Its tables in LiteLLM's schema, by LiteLLM's names. */
  readonly tables: ReadonlyMap<string, PublishedState>;
}

/** One table in a publication. */
export interface PublishedState {
  /** Null where every column is published. */
  readonly columns: ReadonlySet<string> | null;
  /** Some rows are left out by a WHERE. */
  readonly filtered: boolean;
}

/** What is to be done about a publication. */
export type PublicationStep = 'create' | 'alter' | 'keep';

/** What a publication lacks. */
export interface PublicationGaps {
  readonly plan: PublicationPlan;
  readonly step: PublicationStep;
  /** In words, for the log. */
  readonly gaps: readonly string[];
  /** Something is lacking without which the exporter can't work. */
  readonly essential: boolean;
}

/** Compares what there is with what there should be. A publication may carry more than we need. */
export function comparePublication(
  plan: PublicationPlan,
  state: PublicationState | undefined,
  tables: TableStates,
): PublicationGaps {
  if (state === undefined) {
    return { plan, step: 'create', gaps: [`publication "${plan.name}" does not exist`], essential: true };
  }
  const gaps: string[] = [];
  const missing = plan.operations.filter((operation) => !state.operations.includes(operation));
  if (missing.length > 0) gaps.push(`publication "${plan.name}" does not publish ${missing.join(', ')}`);
  let essential = missing.length > 0;
  for (const { table } of plan.tables) {
    const gap = tableGap(plan, table, state, tables);
    if (gap === null) continue;
    gaps.push(gap.text);
    essential ||= gap.essential;
  }
  return { plan, step: gaps.length > 0 ? 'alter' : 'keep', gaps, essential };
}

/**
 * The columns of a table that reach us: those of the table, without those that a column list keeps back. What the plan
 * does not ask for (metadata, which is looked up) is not asked of the publication either.
 */
export function arrivingColumns(
  plan: PublicationPlan,
  table: TableName,
  state: PublicationState | undefined,
  columns: readonly string[],
): readonly string[] {
  const planned = plan.tables.find((entry) => entry.table === table)?.columns ?? null;
  const published = state?.tables.get(relationOf(table))?.columns ?? null;
  if (published === null) return columns;
  return columns.filter((column) => published.has(column) || (planned !== null && !planned.includes(column)));
}

interface Gap {
  readonly text: string;
  readonly essential: boolean;
}

function tableGap(plan: PublicationPlan, table: TableName, state: PublicationState, tables: TableStates): Gap | null {
  const relation = relationOf(table);
  const needed = TABLES[table].required;
  const published = state.tables.get(relation);
  const partitioned = tables.get(table)?.partitioned === true;
  if (published === undefined || (partitioned && !state.viaRoot)) {
    const how = partitioned ? ' with publish_via_partition_root' : '';
    return { text: `publication "${plan.name}" lacks table "${relation}"${how}`, essential: needed };
  }
  if (published.filtered) {
    return { text: `publication "${plan.name}" leaves rows of "${relation}" out by a WHERE`, essential: true };
  }
  return columnGap(plan, table, published, tables);
}

function columnGap(
  plan: PublicationPlan,
  table: TableName,
  published: PublishedState,
  tables: TableStates,
): Gap | null {
  const list = published.columns;
  if (list === null) return null;
  const wanted = plan.tables.find((entry) => entry.table === table)?.columns ?? tables.get(table)?.columns ?? [];
  const lacking = wanted.filter((column) => !list.has(column));
  if (lacking.length === 0) return null;
  const needed = new Set(TABLES[table].columns.filter((column) => column.required).map((column) => column.name));
  return {
    text: `publication "${plan.name}" lacks columns of "${relationOf(table)}": ${lacking.join(', ')}`,
    essential: lacking.some((column) => needed.has(column)),
  };
}
