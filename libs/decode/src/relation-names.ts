import type { Relation } from '@app/change';

/** The columns of a table that inserts are read for. */
export interface WantedColumns {
  readonly names: readonly string[];
  /** This one is left out, as if it had not been sent, where another column has a value: `metadata` of a success, say. */
  readonly needless?: { readonly name: string; readonly where: string; readonly is: string };
}

/** What a relation's name in the stream stands for. */
export interface ResolvedRelation {
  /** The table to speak of: for a partition its partitioned parent, as pgoutput names it. */
  readonly relation: Relation;
  readonly isPartition: boolean;
  /** The columns that inserts are read for; every one where it is left out. */
  readonly columns?: WantedColumns;
}

/**
 * Says what a name in the stream stands for; null for a table that was not asked for. Asked once per name and decoder.
 */
export type RelationResolver = (schema: string, table: string) => ResolvedRelation | null;

/** Takes every table by its own name. */
export const everyRelation: RelationResolver = (schema, table) => ({ relation: { schema, table }, isPartition: false });

/** Which tables a consumer wants to hear of. */
export interface WantedTables {
  readonly schema: string;
  /** Tables by catalogue name, partitioned parents included. */
  readonly tables: readonly string[];
  /**
   * Of these, the partitioned ones with their partitions known so far. A partition made later is known by its name:
   * LiteLLM's partitions are called `<parent>_…`, and what its conversion leaves behind is `<parent>_legacy`.
   */
  readonly partitions?: Readonly<Record<string, readonly string[]>>;
  /** Of inserts into these tables, only these columns are read, where the plugin sends all of them. */
  readonly columns?: Readonly<Record<string, WantedColumns>>;
}

/**
 * Resolves names for a plugin that reports partitions under their own names (wal2json does; pgoutput with
 * `publish_via_partition_root` names the parent itself).
 */
export function wantedRelations(wanted: WantedTables): RelationResolver {
  const tables = new Set(wanted.tables);
  const partitions = new Map<string, string>();
  const parents = Object.keys(wanted.partitions ?? {});
  for (const parent of parents) {
    for (const leaf of wanted.partitions?.[parent] ?? []) partitions.set(leaf, parent);
  }
  const resolved = (table: string, isPartition: boolean): ResolvedRelation => {
    const columns = wanted.columns?.[table];
    const relation = { schema: wanted.schema, table };
    return columns === undefined ? { relation, isPartition } : { relation, isPartition, columns };
  };
  return (schema, table) => {
    if (schema !== wanted.schema) return null;
    if (tables.has(table)) return resolved(table, false);
    const parent = partitions.get(table) ?? parents.find((name) => isPartitionName(name, table));
    return parent === undefined ? null : resolved(parent, true);
  };
}

function isPartitionName(parent: string, table: string): boolean {
  return table.startsWith(`${parent}_`) && table !== `${parent}_legacy`;
}
