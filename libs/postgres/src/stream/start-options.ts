import type { WantedTables } from '@app/decode';

/** What is asked of wal2json. */
export interface Wal2JsonSource {
  readonly plugin: 'wal2json';
  readonly wanted: WantedTables;
  /**
   * The other tables of the schema, known now. They matter only where a wanted table is partitioned: then wal2json has
   * to be asked for the whole schema, and these are kept out by name.
   */
  readonly others?: readonly string[];
  /** Only logical messages with these prefixes; all where it is left out. */
  readonly messagePrefixes?: readonly string[];
}

/** What is asked of pgoutput. Which tables and columns are sent is the publications' affair. */
export interface PgoutputSource {
  readonly plugin: 'pgoutput';
  readonly publications: readonly string[];
}

/** What the slot's plugin is asked for. */
export type StreamSource = Wal2JsonSource | PgoutputSource;

/** Options of START_REPLICATION, in the order in which they are written. */
export type StartOptions = readonly (readonly [name: string, value: string])[];

/** The plugin's options for a source. */
export function startOptions(source: StreamSource): StartOptions {
  return source.plugin === 'wal2json' ? wal2jsonOptions(source) : pgoutputOptions(source);
}

/** `START_REPLICATION` as the walsender's grammar wants it (PostgreSQL manual, "Streaming Replication Protocol"). */
export function startStatement(slot: string, from: string, options: StartOptions): string {
  const list = options.map(([name, value]) => `"${name}" ${literal(value)}`).join(', ');
  return `START_REPLICATION SLOT ${identifier(slot)} LOGICAL ${from} (${list})`;
}

function pgoutputOptions(source: PgoutputSource): StartOptions {
  return [
    ['proto_version', '1'],
    ['publication_names', source.publications.map(identifier).join(',')],
    ['messages', 'true'],
  ];
}

function wal2jsonOptions(source: Wal2JsonSource): StartOptions {
  const { add, filter } = tableFilters(source);
  const options: [string, string][] = [
    ['format-version', '2'],
    ['include-lsn', 'on'],
    ['include-timestamp', 'on'],
    ['include-transaction', 'on'],
    ['include-types', 'off'],
    ['include-typmod', 'off'],
    ['add-tables', add.join(',')],
  ];
  if (filter.length > 0) options.push(['filter-tables', filter.join(',')]);
  const prefixes = source.messagePrefixes ?? [];
  if (prefixes.length > 0) options.push(['add-msg-prefixes', prefixes.map(messagePrefix).join(',')]);
  return options;
}

/**
 * wal2json knows whole names and a lone `*`, no patterns, and reports partitions under their own names. A list of
 * partitions would miss those that LiteLLM makes later, without a word; so a partitioned table means the whole schema
 * less every other table of today, and the decoder drops what comes of tables made tomorrow.
 */
function tableFilters({ wanted, others }: Wal2JsonSource): { add: readonly string[]; filter: readonly string[] } {
  const schema = escaped(wanted.schema);
  const parents = Object.keys(wanted.partitions ?? {});
  if (parents.length === 0) return { add: wanted.tables.map((table) => `${schema}.${escaped(table)}`), filter: [] };
  const kept = new Set([...wanted.tables, ...Object.values(wanted.partitions ?? {}).flat()]);
  const filter = (others ?? []).filter((table) => !kept.has(table));
  return { add: [`${schema}.*`], filter: filter.map((table) => `${schema}.${escaped(table)}`) };
}

/** wal2json takes names as the catalogue spells them, unquoted, with a backslash before what its list reader splits at. */
function escaped(name: string): string {
  return name.replace(/[\s',.*\\]/g, (character) => `\\${character}`);
}

/** wal2json keeps the backslashes of a prefix, so a prefix that would need one can't be asked for. */
function messagePrefix(prefix: string): string {
  if (/[\s,\\]/.test(prefix) || prefix === '') {
    throw new RangeError(`wal2json can't select messages by the prefix ${JSON.stringify(prefix)}`);
  }
  return prefix;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
