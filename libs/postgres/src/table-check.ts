import { ExporterFailure } from '@app/change';
import { relationOf, TABLE_NAMES, TABLES, type TableName } from '@app/litellm';
import { grantStatements } from './role-statements.js';
import type { Findings } from './server-check.js';
import type { TableState, TableStates } from './table-state.js';

/** Tables that can be read and followed, each with the columns that can be read. */
export type UsableTables = ReadonlyMap<TableName, UsableTable>;

/** One of them. */
export interface UsableTable {
  readonly state: TableState;
  readonly columns: ReadonlySet<string>;
}

/** What is wrong with the tables, and what is left of them. */
export interface TableFindings extends Findings {
  readonly usable: UsableTables;
}

/** For whom and where; only for the texts. */
export interface TablePlace {
  readonly schema: string;
  readonly role: string;
}

/**
 * Checks that LiteLLM's tables are there, readable, and name their rows in UPDATE and DELETE. A table that an older
 * LiteLLM lacks is no fault; one that is there and can't be used is left out with a warning unless it is required.
 */
export function checkTables(states: TableStates, place: TablePlace): TableFindings {
  const failures: ExporterFailure[] = [];
  const warnings: string[] = [];
  const usable = new Map<TableName, UsableTable>();
  const absent = TABLE_NAMES.filter((table) => TABLES[table].required && !states.has(table));
  if (absent.length > 0) failures.push(tablesMissing(absent, place));
  for (const [table, state] of states) {
    const failure =
      columnsMissing(table, state) ?? identityMissing(table, state, place) ?? notReadable(table, state, place);
    if (failure === null) usable.set(table, { state, columns: new Set(state.readable) });
    else if (TABLES[table].required) failures.push(failure);
    else warnings.push(`"${relationOf(table)}" is left out: ${failure.message}; ${failure.remedy ?? ''}`);
    if (failure === null) warnings.push(...partlyReadable(table, state, place));
  }
  const remedy = grantStatements(place.role, place.schema, states).join('\n');
  return { failures: distinct(failures, remedy), warnings: [...warnings, ...timeIndexMissing(states)], usable };
}

function tablesMissing(absent: readonly TableName[], place: TablePlace): ExporterFailure {
  const names = absent.map((table) => `"${relationOf(table)}"`).join(', ');
  return new ExporterFailure({
    kind: 'table-missing',
    message: `schema "${place.schema}" lacks ${names}`,
    remedy:
      'name the database and schema of LiteLLM (LITELLM_DB_NAME, LITELLM_DB_SCHEMA), and let LiteLLM make its tables first',
    section: '#tables',
  });
}

function columnsMissing(table: TableName, state: TableState): ExporterFailure | null {
  const lacking = TABLES[table].columns
    .filter((column) => column.required && !state.columns.includes(column.name))
    .map((column) => `"${column.name}"`);
  if (lacking.length === 0) return null;
  return new ExporterFailure({
    kind: 'column-missing',
    message: `"${relationOf(table)}" lacks ${lacking.join(', ')}`,
    remedy: 'upgrade LiteLLM to a version of 2025 or later, and let its migrations run',
    section: '#tables',
  });
}

function identityMissing(table: TableName, state: TableState, place: TablePlace): ExporterFailure | null {
  if (table === 'spend_logs') return null;
  const lacking = TABLES[table].primaryKey.filter((column) => !state.identityColumns.includes(column));
  if (lacking.length === 0) return null;
  return new ExporterFailure({
    kind: 'table-missing',
    message: `"${relationOf(table)}" does not name its rows in updates and deletes: its replica identity lacks ${lacking.join(', ')}`,
    remedy: `ALTER TABLE "${place.schema}"."${relationOf(table)}" REPLICA IDENTITY DEFAULT; and give it back its primary key where that is gone`,
    section: '#tables',
  });
}

function notReadable(table: TableName, state: TableState, place: TablePlace): ExporterFailure | null {
  const lacking = unreadable(table, state).filter((column) => column.required);
  if (lacking.length === 0) return null;
  const names = lacking.map((column) => `"${column.name}"`).join(', ');
  return new ExporterFailure({
    kind: 'privilege-missing',
    message: `role "${place.role}" may not read ${names} of "${relationOf(table)}"`,
    remedy: grantStatements(place.role, place.schema, new Map([[table, state]])).join(' '),
    section: '#role',
  });
}

function partlyReadable(table: TableName, state: TableState, place: TablePlace): string[] {
  const lacking = unreadable(table, state);
  if (lacking.length === 0) return [];
  const names = lacking.map((column) => `"${column.name}"`).join(', ');
  const grants = grantStatements(place.role, place.schema, new Map([[table, state]]));
  return [
    `"${relationOf(table)}" is read without ${names}, which role "${place.role}" may not read: ${grants.at(-1) ?? ''}`,
  ];
}

function unreadable(table: TableName, state: TableState | undefined) {
  if (state === undefined) return [];
  return TABLES[table].columns.filter(
    (column) => state.columns.includes(column.name) && !state.readable.includes(column.name),
  );
}

/** Without an index every slice of the seed reads the whole table, and the longest that a slice may take is 5 s. */
function timeIndexMissing(states: TableStates): string[] {
  const state = states.get('spend_logs');
  if (state === undefined || state.indexed.includes('startTime')) return [];
  return ['no index of "LiteLLM_SpendLogs" begins with "startTime": the seed of a large table will be slow or fail'];
}

/** Several tables that may not be read are one failure, whose remedy is all the grants there are. */
function distinct(failures: readonly ExporterFailure[], remedy: string): ExporterFailure[] {
  const privileges = failures.filter((failure) => failure.kind === 'privilege-missing');
  const [first] = privileges;
  if (first === undefined || privileges.length === 1) return [...failures];
  const merged = new ExporterFailure({
    kind: 'privilege-missing',
    message: privileges.map((failure) => failure.message).join('; '),
    remedy,
    section: first.section,
  });
  return [...failures.filter((failure) => failure.kind !== 'privilege-missing'), merged];
}
