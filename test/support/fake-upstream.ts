import { type ChangeStream, ExporterFailure, type Lsn, type StreamSink } from '@app/change';
import {
  type MetadataFacts,
  type SchemaSight,
  type SeedRequest,
  type SeedResult,
  type SeedSink,
  type SlotWatch,
  type SpendLogKey,
  Upstream,
  type UpstreamFacts,
  type UpstreamFigures,
  type UpstreamSession,
} from '@app/litellm';
import type { FakePostgres } from './fake-postgres.js';
import { FakeSlotWatch } from './fake-slot-watch.js';
import { FakeStream } from './fake-stream.js';
import type { FakeUpstreamOptions } from './fake-upstream-options.js';

export { FakeStream } from './fake-stream.js';
export type { FakePoint, FakeUpstreamOptions } from './fake-upstream-options.js';

/** The way to a fake server; remembers its sessions. */
export class FakeUpstream extends Upstream {
  readonly sessions: FakeSession[] = [];

  constructor(
    readonly server: FakePostgres,
    readonly options: FakeUpstreamOptions = {},
  ) {
    super();
  }

  get session(): FakeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('nobody has connected yet');
    return session;
  }

  watchSlot(): SlotWatch {
    return new FakeSlotWatch(this);
  }

  async connect(signal: AbortSignal, _held?: () => void): Promise<UpstreamSession> {
    signal.throwIfAborted();
    this.options.reach?.('connect');
    if (this.server.schemaFailure !== null) throw this.server.schemaFailure;
    const session = new FakeSession(this.server, this.options);
    this.sessions.push(session);
    return session;
  }

  /** Ends every connection, as a server does that is killed. */
  breakOff(reason: Error = broken('the connection was lost')): void {
    for (const session of this.sessions) session.breakOff(reason);
  }
}

function broken(message: string): ExporterFailure {
  return new ExporterFailure({ kind: 'stream-broken', message });
}

/** A session with a fake server. */
export class FakeSession implements UpstreamSession {
  readonly facts: UpstreamFacts;
  readonly lost: Promise<Error>;
  closed = false;
  seeds = 0;
  #cut = false;
  #lose: (reason: Error) => void = () => undefined;
  #openStream: FakeStream | null = null;
  readonly #server: FakePostgres;
  readonly #options: FakeUpstreamOptions;

  constructor(server: FakePostgres, options: FakeUpstreamOptions) {
    this.#server = server;
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.facts = factsOf(server, options.temporarySlot ?? false);
  }

  get openStream(): FakeStream | null {
    return this.#openStream;
  }

  /** True while the server keeps the session, whatever the client believes. */
  get kept(): boolean {
    return !this.closed && !this.#cut;
  }

  /** The server ends the session and the client does not notice: what it asks fails, and what it confirms is not heard. */
  cut(): void {
    this.#cut = true;
    this.#openStream?.cut();
    this.#letGo();
  }

  breakOff(reason: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.#openStream?.end(reason);
    this.#letGo();
    this.#lose(reason);
  }

  async slot() {
    this.#alive();
    return this.#server.slotFacts(this.facts.slot);
  }

  async seed({ signal }: SeedRequest, sink: SeedSink): Promise<SeedResult> {
    this.#alive();
    this.#options.reach?.('seed');
    const consistentPoint = this.#server.createSlot(this.facts.plugin, this.facts.temporarySlot);
    const { facts, entities } = this.#server.snapshot();
    const snapshotTime = this.#server.clock;
    this.seeds += 1;
    sink.entities(entities);
    const slice = this.#options.slice ?? 10;
    for (let at = 0; at < facts.length; at += slice) {
      for (const fact of facts.slice(at, at + slice)) sink.row(fact, fact);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      this.#alive();
      this.#options.reach?.('slice');
      const rows = Math.min(at + slice, facts.length);
      sink.sliceDone({ rows, share: rows / facts.length, etaSeconds: 0 });
    }
    const oldestRowTime = facts.length === 0 ? null : Math.min(...facts.map(({ startTime }) => startTime));
    return { consistentPoint, snapshotTime, oldestRowTime };
  }

  async stream(from: Lsn, sink: StreamSink): Promise<ChangeStream> {
    this.#alive();
    this.#options.reach?.('stream');
    if (this.#server.slot === null) throw new ExporterFailure({ kind: 'slot-missing', message: 'there is no slot' });
    this.#openStream = new FakeStream(this.#server, from, sink, this.#options);
    return this.#openStream;
  }

  async dropSlot(): Promise<void> {
    this.#server.slot = null;
  }

  async metadata(rows: readonly SpendLogKey[]): Promise<ReadonlyMap<string, MetadataFacts>> {
    return (await this.#options.metadata?.(rows)) ?? new Map();
  }

  async figures(): Promise<UpstreamFigures> {
    this.#alive();
    this.#options.reach?.('figures');
    const { walEnd, clock, spendLogsOid } = this.#server;
    return { slot: this.#server.slotFacts(this.facts.slot), walEnd, clock, spendLogsOid };
  }

  async schema(): Promise<SchemaSight | null> {
    this.#alive();
    if (this.#server.schemaFailure !== null) throw this.#server.schemaFailure;
    return this.#server.schema;
  }

  async emitMessage(prefix: string, content: string): Promise<Lsn> {
    this.#alive();
    return this.#server.message(prefix, content);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.#openStream?.close();
    this.#letGo();
  }

  #letGo(): void {
    if (this.facts.temporarySlot) this.#server.slot = null;
  }

  #alive(): void {
    if (!this.kept) throw broken('the connection is closed');
  }
}

function factsOf(server: FakePostgres, temporarySlot: boolean): UpstreamFacts {
  const { systemId, timeline, database, spendLogsOid, inRecovery, walEnd, timelineHistory } = server;
  const tables = [
    'key',
    'team',
    'user',
    'organization',
    'budget',
    'end_user',
    'team_member',
    'project',
    'tag',
  ] as const;
  return {
    source: { systemId, timeline, database, schema: 'public', spendLogsOid },
    version: 150_020,
    plugin: 'wal2json',
    slot: 'litellm_exporter_litellm',
    temporarySlot,
    inRecovery,
    walEnd,
    timelineHistory,
    tables: Object.fromEntries(
      [...tables, 'model', 'deprecated_key', 'spend_logs'].map((table) => [table, true]),
    ) as UpstreamFacts['tables'],
    schema: server.schema,
    warnings: [],
  };
}
