import {
  type BeginChange,
  type Change,
  type CommitChange,
  type Lsn,
  lsnOf,
  type Plugin,
  type Row,
  type SlotFacts,
} from '@app/change';
import {
  type Entity,
  entityKeyOfRow,
  readEntity,
  readSpendFact,
  relationOf,
  type SchemaSight,
  type SpendFact,
  type TableName,
  type TimelineHistory,
  tableOfRelation,
} from '@app/litellm';

/** A committed transaction, or a message outside of one, as it lies in the fake's log. */
export interface LogEntry {
  /** Position by which the slot decides what comes again: of the commit record, or of the message. */
  readonly lsn: Lsn;
  readonly endLsn: Lsn;
  /** What a stream delivers for it. */
  readonly changes: readonly Change[];
}

/** What a snapshot sees. */
export interface FakeSnapshot {
  readonly facts: readonly SpendFact[];
  readonly entities: readonly Entity[];
}

/** The slot of a fake server. */
export interface FakeSlot {
  readonly plugin: Plugin;
  readonly temporary: boolean;
  confirmed: Lsn;
  lost: boolean;
}

/** What {@link FakePostgres.snapshotOfDisk} keeps. */
export interface FakeDisk {
  readonly walEnd: Lsn;
  readonly log: readonly LogEntry[];
  readonly rows: ReadonlyMap<TableName, ReadonlyMap<string, Row>>;
  readonly slot: FakeSlot | null;
}

/** The first free position of every fake log. */
const LOG_START = 0x1000000n;
const RECORD = 48n;

/** An insert into one of LiteLLM's tables. */
export function insert(table: TableName, row: Row): Change {
  return { kind: 'insert', relation: { schema: 'public', table: relationOf(table) }, row };
}

/** An update with the columns that are sent; `oldKey` where the primary key changes. */
export function update(table: TableName, row: Row, oldKey: Row | null = null): Change {
  return { kind: 'update', relation: { schema: 'public', table: relationOf(table) }, row, oldKey };
}

/** A delete by primary key. */
export function remove(table: TableName, key: Row): Change {
  return { kind: 'delete', relation: { schema: 'public', table: relationOf(table) }, key };
}

/**
 * No PostgreSQL, but a fake of what this exporter sees of one: tables, a log of committed transactions, and one slot.
 * It obeys what matters to a consumer: the slot's confirmed position only moves by confirmations of what was sent,
 * a stream begins at the later of that and the position asked for (F6), a snapshot sees exactly what was committed
 * before its consistent point, and commits may lie next to each other, or at the consistent point itself (F2, F5).
 */
export class FakePostgres {
  systemId = '7500000000000000001';
  timeline = 1;
  timelineHistory: TimelineHistory = new Map();
  spendLogsOid = 16_384;
  /** Tables and columns as a session would find them now; a test changes it as a migration would. */
  schema: SchemaSight = { words: 'spend_logs.request_id team@2 team.team_id@1', gaps: [], warnings: [] };
  /** What a look at tables and publications fails with now, while they are as a session could not begin with them. */
  schemaFailure: Error | null = null;
  database = 'litellm';
  inRecovery = false;
  /** What this server's clock is ahead of the process's, in milliseconds. */
  clockAhead = 0;
  slot: FakeSlot | null = null;
  readonly log: LogEntry[] = [];
  /** Every seed that was begun: its consistent point, and the spend-log rows its snapshot saw. */
  readonly seeds: { readonly consistentPoint: Lsn; readonly rows: readonly Row[] }[] = [];
  /** Called after each growth of the log. */
  readonly onGrowth = new Set<() => void>();
  readonly #rows = new Map<TableName, Map<string, Row>>();
  #walEnd = LOG_START;
  #written = 0;

  get walEnd(): Lsn {
    return lsnOf(this.#walEnd);
  }

  get clock(): number {
    return Date.now() + this.clockAhead;
  }

  /** End of the last commit; messages lie beyond it. */
  get lastCommitEnd(): Lsn {
    return this.log.findLast(({ changes }) => changes.at(-1)?.kind === 'commit')?.endLsn ?? this.walEnd;
  }

  /** Commits a transaction, with `gap` bytes of log between the commit record before and its own. */
  commit(changes: readonly Change[], { gap = 64, commitTime = this.clock } = {}): CommitChange {
    this.#walEnd += BigInt(gap);
    const commitLsn = this.walEnd;
    this.#walEnd += RECORD;
    const begin: BeginChange = { kind: 'begin', commitLsn, commitTime };
    const commit: CommitChange = { kind: 'commit', commitLsn, endLsn: this.walEnd, commitTime };
    for (const change of changes) this.#apply(change);
    this.#append({ lsn: commitLsn, endLsn: commit.endLsn, changes: [begin, ...changes, commit] });
    return commit;
  }

  /** Writes a logical message outside of a transaction. */
  message(prefix: string, content: string): Lsn {
    const lsn = this.walEnd;
    this.#walEnd += RECORD;
    const change: Change = { kind: 'message', prefix, content, transactional: false, lsn };
    this.#append({ lsn, endLsn: this.walEnd, changes: [change] });
    return lsn;
  }

  /** Puts changes into the log as they are, for what no server would send. */
  raw(changes: readonly Change[]): LogEntry {
    const lsn = this.walEnd;
    this.#walEnd += RECORD;
    const entry = { lsn, endLsn: this.walEnd, changes };
    this.#append(entry);
    return entry;
  }

  /** Makes the slot; its consistent point is the end of the log now. */
  createSlot(plugin: Plugin, temporary: boolean): Lsn {
    this.slot = { plugin, temporary, confirmed: this.walEnd, lost: false };
    this.seeds.push({ consistentPoint: this.walEnd, rows: [...this.table('spend_logs').values()] });
    return this.walEnd;
  }

  /** What is in the tables now. */
  snapshot(): FakeSnapshot {
    const facts: SpendFact[] = [];
    const entities: Entity[] = [];
    for (const [table, rows] of this.#rows) {
      for (const row of rows.values()) {
        if (table !== 'spend_logs') entities.push(readEntity(table, row, undefined));
        else {
          const { fact } = readSpendFact(row);
          if (fact !== null) facts.push({ ...fact, requestId: '' });
        }
      }
    }
    return { facts, entities };
  }

  /** What is in one table now, by primary key. */
  table(table: TableName): ReadonlyMap<string, Row> {
    return this.#rows.get(table) ?? new Map();
  }

  slotFacts(name: string): SlotFacts | null {
    if (this.slot === null) return null;
    const { plugin, temporary, confirmed, lost } = this.slot;
    return {
      name,
      plugin,
      database: this.database,
      temporary,
      active: false,
      activePid: null,
      restartLsn: lost ? null : confirmed,
      confirmedFlush: confirmed,
      walStatus: lost ? 'lost' : 'reserved',
      safeWalBytes: null,
      invalidationReason: null,
    };
  }

  /** Everything that is on the server's disk. */
  snapshotOfDisk(): FakeDisk {
    const rows = new Map([...this.#rows].map(([table, rows]) => [table, new Map(rows)]));
    const slot = this.slot === null ? null : { ...this.slot };
    return { walEnd: this.walEnd, log: [...this.log], rows, slot };
  }

  /** Puts an earlier disk in place of the present one: log, tables and slot are what they were, on the same timeline. */
  setBack({ walEnd, log, rows, slot }: FakeDisk): void {
    this.#walEnd = walEnd;
    this.log.splice(0, this.log.length, ...log);
    this.#rows.clear();
    for (const [table, of] of rows) this.#rows.set(table, new Map(of));
    this.slot = slot === null ? null : { ...slot };
  }

  /** Where in {@link log} a stream begins that asks for `from`. */
  startOf(from: Lsn): number {
    const start = this.slot !== null && this.slot.confirmed > from ? this.slot.confirmed : from;
    const found = this.log.findIndex(({ lsn }) => lsn >= start);
    return found === -1 ? this.log.length : found;
  }

  #append(entry: LogEntry): void {
    this.log.push(entry);
    for (const wake of this.onGrowth) wake();
  }

  #apply(change: Change): void {
    if (change.kind === 'truncate') {
      for (const { table } of change.relations) this.#of(table)?.clear();
      return;
    }
    if (change.kind !== 'insert' && change.kind !== 'update' && change.kind !== 'delete') return;
    const table = tableOfRelation(change.relation.table);
    const rows = this.#of(change.relation.table);
    if (table === null || rows === undefined) return;
    if (change.kind === 'delete') {
      rows.delete(this.#keyOf(table, change.key));
      return;
    }
    const key = this.#keyOf(table, change.row);
    const oldKey = change.kind === 'update' && change.oldKey !== null ? this.#keyOf(table, change.oldKey) : key;
    const before = change.kind === 'update' ? rows.get(oldKey) : undefined;
    if (oldKey !== key) rows.delete(oldKey);
    rows.set(key, { ...before, ...change.row });
  }

  #keyOf(table: TableName, row: Row): string {
    this.#written += 1;
    if (table === 'spend_logs') return String(row.request_id ?? `row ${this.#written}`);
    return entityKeyOfRow(table, row) ?? `row ${this.#written}`;
  }

  #of(relation: string): Map<string, Row> | undefined {
    const table = tableOfRelation(relation);
    if (table === null) return undefined;
    const rows = this.#rows.get(table) ?? new Map<string, Row>();
    this.#rows.set(table, rows);
    return rows;
  }
}
