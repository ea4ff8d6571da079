import { setTimeout as pause } from 'node:timers/promises';
import type { StateStore } from '@app/aggregates';
import { type ChangeStream, ExporterFailure, LSN_ZERO, type Lsn, lsnDistance } from '@app/change';
import type { UpstreamSession } from '@app/litellm';
import { exhaustMap, from, interval, map, merge, type Observable, Subscription, tap, timer } from 'rxjs';
import { AcknowledgementLedger } from './acknowledgement.js';
import type { Figures } from './batch.js';
import { gatherTransactions } from './gather-transactions.js';
import { HistoryWatch } from './history-watch.js';
import { KnownHistory, readCountedCommit } from './known-history.js';
import type { PipelineObserver } from './observer.js';
import { MESSAGE_PREFIX, type Piece, type TransactionPiece } from './piece.js';
import type { PoisonWatch } from './poison-watch.js';
import { RejectionLog } from './rejection-log.js';
import { SeedWanted } from './seed-wanted.js';
import { SilenceWatch } from './silence-watch.js';
import { SlotLagWatch } from './slot-lag.js';
import { tooSlow } from './step-patience.js';
import { streamEvents } from './stream-event.js';
import { untilAborted } from './until-aborted.js';
import type { Writer } from './writer.js';

/** What a consumer works with. */
export interface ConsumerOptions {
  readonly session: UpstreamSession;
  readonly store: StateStore;
  readonly writer: Writer;
  readonly observer: PipelineObserver;
  /** Milliseconds between refreshes of the slot's figures. */
  readonly updateInterval: number;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly maxRetainedBytes: number;
  /** Where earlier streams broke. */
  readonly poison: PoisonWatch;
  /** Looks at LiteLLM's tables; rejects where the stream can't go on as it is (`SchemaWatch.look`). */
  readonly lookAtSchema: () => Promise<void>;
  /** True once the state is to be made anew under this process's settings. */
  readonly settingsDue: () => boolean;
}

const WATCH_INTERVAL = 250;
/** Looks at a slot that lags too far, and does not catch up, after which it is given up. */
const LOOKS_TOO_FAR = 2;
const DRAIN_LIMIT = 5_000;
/** Milliseconds that a stop waits for the disk of the store: what is stored and not confirmed is passed over by whoever comes next. */
const SYNC_LIMIT = 250;

/** Who may hold the socket: it is read only while none of them does. */
type Holder = 'metadata' | 'store' | 'drain';

/** Consumes one stream: gathers, hands over to the writer, confirms what is durable, and watches over all of it. */
export class StreamConsumer {
  readonly #options: ConsumerOptions;
  readonly #ledger: AcknowledgementLedger;
  readonly #rejections: RejectionLog;
  readonly #history = new HistoryWatch();
  readonly #silence = new SilenceWatch();
  readonly #lag: SlotLagWatch;
  readonly #holds = new Set<Holder>();
  #stream: ChangeStream | null = null;
  #known: KnownHistory | null = null;
  #heartbeatSentAt: number | null = null;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#ledger = new AcknowledgementLedger(options.writer.next);
    this.#lag = new SlotLagWatch(options.maxRetainedBytes);
    this.#rejections = new RejectionLog((line) => options.observer.warn(line), Date.now);
  }

  /**
   * Consumes until the stream ends, the store is out of reach for too long, or the signal asks to stop; then it drains
   * what was gathered, and confirms it.
   *
   * @throws ExporterFailure or SeedWanted for every end but a requested one
   */
  async run(signal: AbortSignal): Promise<void> {
    const { observer } = this.#options;
    const work = new Subscription();
    const ended = new Promise<never>((_resolve, reject) => {
      work.add(this.#work().subscribe({ error: reject }));
    });
    try {
      await untilAborted(ended, signal);
      await this.#drain();
    } finally {
      work.unsubscribe();
      this.#options.writer.following = false;
      observer.connected(false);
      observer.paused(false);
    }
  }

  #work(): Observable<unknown> {
    const { session, writer, updateInterval, lookAtSchema } = this.#options;
    return merge(
      this.#pieces(),
      writer.stored.pipe(
        tap(({ next }) => this.#ledger.store(next)),
        exhaustMap(() => this.#acknowledge()),
      ),
      writer.failed.pipe(map(raise)),
      interval(WATCH_INTERVAL).pipe(tap(() => this.#watch())),
      interval(WATCH_INTERVAL).pipe(exhaustMap(() => this.#acknowledge())),
      timer(0, updateInterval).pipe(exhaustMap(() => this.#refreshFigures())),
      interval(updateInterval).pipe(exhaustMap(lookAtSchema)),
      from(session.lost).pipe(map(raise)),
    );
  }

  #pieces(): Observable<void> {
    const { session, writer } = this.#options;
    return streamEvents(async (sink) => session.stream(await this.#begin(), sink)).pipe(
      tap((event) => {
        if (event.kind === 'opened') this.#opened(event.stream);
      }),
      gatherTransactions({
        next: () => writer.next,
        context: () => writer.context(),
        metadata: (rows) => session.metadata(rows),
        pause: (paused) => this.#hold('metadata', paused),
        poison: this.#options.poison,
      }),
      map((piece) => this.#take(piece)),
    );
  }

  /** From where the stream is asked for: early enough to see that the log is still the one of the state (W5). */
  async #begin(): Promise<Lsn> {
    const { session, store, writer } = this.#options;
    const { next, checkpoint } = writer;
    const counted = checkpoint === null ? null : readCountedCommit(store.state?.figure('last_commit'), checkpoint);
    this.#known = new KnownHistory({ next, counted, slot: await session.slot() });
    return this.#known.from;
  }

  #opened(stream: ChangeStream): void {
    this.#stream = stream;
    this.#options.writer.following = true;
    this.#options.observer.connected(true);
    if (this.#holds.size > 0) stream.pause();
  }

  #take(piece: Piece): void {
    const { writer } = this.#options;
    if (piece.kind === 'duplicate') this.#known?.again(piece);
    if (piece.kind === 'transaction') this.#known?.reached(piece.commitLsn);
    if (piece.kind === 'idle') this.#known?.reached(piece.walEnd);
    if (piece.kind === 'rejected') this.#rejections.reject(piece.reason, piece.detail, piece.commitLsn);
    if (piece.kind === 'heartbeat') this.#heartbeatReturned(piece.content);
    if (piece.kind === 'transaction') {
      this.#ledger.receive(piece.endLsn);
      this.#silence.observe(piece.folded, Date.now());
    }
    if (piece.kind === 'idle') this.#ledger.receive(piece.walEnd);
    writer.take(piece);
    if (piece.kind === 'transaction') this.#tellUnfoldable(piece);
    if (writer.full) this.#hold('store', true);
  }

  #tellUnfoldable({ folded: { unfoldable }, endLsn }: TransactionPiece): void {
    if (unfoldable !== null) this.#rejections.reject('unfoldable_row', unfoldable, endLsn);
  }

  /** The socket is read only while nobody holds it (W9). */
  #hold(by: Holder, held: boolean): void {
    const before = this.#holds.size > 0;
    if (held) this.#holds.add(by);
    else this.#holds.delete(by);
    const now = this.#holds.size > 0;
    if (before === now) return;
    if (now) this.#stream?.pause();
    else this.#stream?.resume();
    this.#options.observer.paused(now);
  }

  /** Tells the server what is durable, exactly, and nothing else (W2). */
  async #acknowledge(): Promise<void> {
    const { store, writer } = this.#options;
    const durable = await store.durable();
    if (durable !== null) this.#ledger.survive(durable);
    const confirms = this.#stream !== null && this.#known?.told === true;
    const position = confirms ? this.#ledger.confirmable() : null;
    if (position !== null) this.#stream?.confirm(position);
    if (!writer.full) this.#hold('store', false);
  }

  /** @throws ExporterFailure where the store can't follow, SeedWanted after a backfill, or when other settings are due. */
  #watch(): void {
    const { writer, store } = this.#options;
    const message = tooSlow(writer.stepUnderWay, writer.blockedSince !== null, Date.now());
    if (message !== null) throw new ExporterFailure({ kind: 'store-unavailable', message });
    if (this.#history.observe(historyRows(store), Date.now())) throw new SeedWanted('history');
    if (this.#options.settingsDue()) throw new SeedWanted('settings_changed');
  }

  async #refreshFigures(): Promise<void> {
    const { session, writer } = this.#options;
    const { slot, walEnd, clock, spendLogsOid } = await session.figures();
    writer.setClock(clock);
    const checkpoint = writer.checkpoint;
    if (checkpoint !== null && spendLogsOid !== null && spendLogsOid !== checkpoint.source.spendLogsOid) {
      throw new SeedWanted('other_spend_logs');
    }
    if (this.#lag.observe(slot, walEnd) >= LOOKS_TOO_FAR) throw new SeedWanted('retained_limit');
    const silent = this.#silence.silent(Date.now()) ? 1 : 0;
    const figures: Mutable<Figures> = { spend_logs_silent: silent, state_stale: 0 };
    if (checkpoint !== null) figures.replication_lag_bytes = lsnDistance(checkpoint.next, walEnd);
    const durable = this.#ledger.durablePosition;
    if (durable > LSN_ZERO) figures.durable_lag_bytes = lsnDistance(durable, this.#ledger.stored);
    if (this.#heartbeatSentAt !== null) figures.replication_lag_seconds = (Date.now() - this.#heartbeatSentAt) / 1000;
    writer.take({ kind: 'figures', figures });
    await this.#sendHeartbeat();
  }

  /** A message through the data path: it moves an idle slot, and its return tells the lag end to end. */
  async #sendHeartbeat(): Promise<void> {
    if (this.#heartbeatSentAt !== null) return;
    this.#heartbeatSentAt = Date.now();
    await this.#options.session.emitMessage(MESSAGE_PREFIX, `heartbeat ${process.pid} ${this.#heartbeatSentAt}`);
  }

  #heartbeatReturned(content: string): void {
    const sentAt = this.#heartbeatSentAt;
    if (sentAt === null || content !== `heartbeat ${process.pid} ${sentAt}`) return;
    this.#heartbeatSentAt = null;
    const figures = { replication_lag_seconds: (Date.now() - sentAt) / 1000 };
    this.#options.writer.take({ kind: 'figures', figures });
  }

  /** Stores and confirms what has been gathered, within {@link DRAIN_LIMIT}. */
  async #drain(): Promise<void> {
    const { writer } = this.#options;
    this.#hold('drain', true);
    const limit = Date.now() + DRAIN_LIMIT;
    const stores = (): boolean => writer.checkpoint !== null && writer.blockedSince === null;
    while (!writer.idle && stores() && Date.now() < limit) await pause(10);
    if (stores()) await Promise.race([this.#acknowledge(), pause(SYNC_LIMIT)]);
    await this.#stream?.close();
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function historyRows(store: StateStore): number {
  const state = store.state;
  if (state === null) return 0;
  const [counter] = state.counters('rows_history');
  return (counter?.value ?? 0) - Number(state.figure('history_at_seed') ?? 0);
}

function raise(error: unknown): never {
  throw error;
}
