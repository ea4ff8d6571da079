import { type FoldContext, spendLogKey, TransactionFold } from '@app/aggregates';
import {
  type BeginChange,
  type Change,
  type CommitChange,
  ExporterFailure,
  formatLsn,
  LSN_ZERO,
  type Lsn,
} from '@app/change';
import type { MetadataFacts, SpendLogKey } from '@app/litellm';
import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { MESSAGE_PREFIX, type Piece } from './piece.js';
import type { PoisonWatch } from './poison-watch.js';
import type { StreamEvent } from './stream-event.js';

/** Rows of an open transaction that may wait for their metadata before it is read: what bounds the memory of one of failures. */
const METADATA_BATCH = 500;
/** Rows of transactions that wait for metadata, theirs or that of one before them, at which the socket is held (W9). */
const HELD_ROWS = 20_000;

/** What gathering needs. */
export interface GatherOptions {
  /** A transaction counts when its commit LSN >= this (W3); asked at each begin. */
  readonly next: () => Lsn;
  /** What a transaction folds with; asked at each begin, so that it sees the entities of those before. */
  readonly context: () => FoldContext;
  /** Reads what the stream does not carry of failure rows. */
  readonly metadata: (rows: readonly SpendLogKey[]) => Promise<ReadonlyMap<string, MetadataFacts>>;
  /** Holds the socket while metadata has to be read before anything else can be taken in. */
  readonly pause: (paused: boolean) => void;
  /** What has failed before. */
  readonly poison: PoisonWatch;
}

/**
 * Gathers changes to whole transactions, each folded as its rows come, so that one of a million rows costs memory by
 * series (W9). Only a commit lets anything out (W1), in the order of commits; a transaction before `next` is dropped
 * and counted (W3).
 *
 * A transaction whose failures wait for their metadata holds back what comes after it, but not the reading of the stream: the rows of
 * many transactions are then looked up in one go. Only entities can't wait, since the next transaction folds with them.
 */
export function gatherTransactions(options: GatherOptions): OperatorFunction<StreamEvent, Piece> {
  return (source) =>
    new Observable<Piece>((subscriber) => {
      const gathering = new Gathering(options, subscriber);
      return source.subscribe({
        next: (event) => gathering.take(event),
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

/** A whole transaction that can't go out yet: it waits for metadata, or for one that does. */
interface HeldTransaction {
  readonly kind: 'held';
  readonly fold: TransactionFold;
  readonly commit: CommitChange;
  readonly changes: number;
  ready: boolean;
}

class Gathering {
  readonly #options: GatherOptions;
  readonly #out: Subscriber<Piece>;
  #fold: TransactionFold | null = null;
  #begin: BeginChange | null = null;
  /** Changes of rows since the last begin. */
  #changes = 0;
  /** The latest commit that this stream has brought, counted or not: it brings them in their order (W1). */
  #latest = LSN_ZERO;
  /** Rows came that belong to no transaction: its begin could not be read. */
  #orphans = false;
  /** What waits for its turn, in order; its first is a transaction that waits for metadata. */
  readonly #held: (HeldTransaction | Piece)[] = [];
  #heldRows = 0;
  #reading = false;
  /** Events that came while the socket was being held; null when it is not. */
  #waiting: StreamEvent[] | null = null;

  constructor(options: GatherOptions, out: Subscriber<Piece>) {
    this.#options = options;
    this.#out = out;
  }

  take(event: StreamEvent): void {
    if (this.#waiting !== null) this.#waiting.push(event);
    else this.#attempt(() => this.#handle(event));
  }

  /** What an observer or a promise's handler throws would end the process: here it ends the stream. */
  #attempt(work: () => void): void {
    if (this.#out.closed) return;
    try {
      work();
    } catch (error) {
      this.#out.error(error);
    }
  }

  #handle(event: StreamEvent): void {
    if (event.kind === 'change') this.#change(event.change);
    else if (event.kind === 'keepalive' && this.#begin === null && !this.#orphans) {
      this.#emit({ kind: 'idle', walEnd: event.walEnd, replyRequested: event.replyRequested });
    }
  }

  #change(change: Change): void {
    switch (change.kind) {
      case 'begin':
        this.#open(change);
        return;
      case 'commit':
        this.#commit(change);
        return;
      case 'message':
        if (change.prefix === MESSAGE_PREFIX) this.#emit({ kind: 'heartbeat', content: change.content });
        return;
      case 'rejected':
        this.#reject(change.reason, change.detail);
        return;
      default:
        this.#row(change);
    }
  }

  #open(begin: BeginChange): void {
    const unclosed = this.#fold === null ? null : this.#begin;
    const broken = unclosed?.commitLsn ?? (this.#orphans ? begin.commitLsn : null);
    if (broken !== null) this.#breaks(broken, 'a transaction begins before the one before it has ended');
    this.#openFold(begin);
    if (broken !== null)
      this.#reject('transaction_unclosed', `what began before it at ${formatLsn(broken)} has no end`);
  }

  #openFold(begin: BeginChange): void {
    this.#orphans = false;
    this.#begin = begin;
    this.#changes = 0;
    this.#fold = begin.commitLsn >= this.#options.next() ? new TransactionFold(this.#options.context(), begin) : null;
  }

  /** @throws ExporterFailure the first time, so that it is read once more; what fails again is passed over (W10). */
  #breaks(position: Lsn, how: string): void {
    if (this.#options.poison.failsAgain(position)) return;
    throw new ExporterFailure({ kind: 'stream-broken', message: `${how}, at ${formatLsn(position)}` });
  }

  #row(change: Parameters<TransactionFold['add']>[0]): void {
    const fold = this.#fold;
    this.#orphans ||= this.#begin === null;
    this.#changes += 1;
    if (fold === null) return;
    try {
      fold.add(change);
    } catch (error) {
      this.#reject('unfoldable_row', error instanceof Error ? error.name : 'unknown error');
    }
    if (fold.pending >= METADATA_BATCH) this.#wait();
  }

  #reject(reason: string, detail: string): void {
    this.#fold?.reject(reason);
    this.#emit({ kind: 'rejected', reason, detail, commitLsn: this.#begin?.commitLsn ?? null });
  }

  #commit(commit: CommitChange): void {
    if (this.#begin === null && commit.commitLsn >= this.#options.next()) {
      this.#breaks(commit.commitLsn, 'a transaction ends that has not begun');
      this.#openFold({ ...commit, kind: 'begin' });
      this.#reject('transaction_unopened', 'its begin could not be read, and none of its rows counts');
    }
    const fold = this.#fold;
    if (fold === null) {
      this.#begin = null;
      this.#orphans = false;
      this.#passOver(commit);
    } else this.#finish(fold, commit);
    if (commit.commitLsn > this.#latest) this.#latest = commit.commitLsn;
  }

  /** What the state has counted comes again after a reconnect, in its order; what goes back within one stream was never counted (W10). */
  #passOver({ commitLsn, commitTime }: CommitChange): void {
    if (commitLsn >= this.#latest) {
      this.#emit({ kind: 'duplicate', commitLsn, commitTime, changes: this.#changes });
      return;
    }
    const detail = `the commit at ${formatLsn(commitLsn)} came after the one at ${formatLsn(this.#latest)}`;
    this.#emit({ kind: 'rejected', reason: 'commit_out_of_order', detail, commitLsn: null });
  }

  #finish(fold: TransactionFold, commit: CommitChange): void {
    this.#begin = null;
    this.#fold = null;
    const ready = fold.pending === 0;
    if (ready && this.#held.length === 0) {
      this.#out.next(pieceOf({ fold, commit, changes: this.#changes }));
      return;
    }
    this.#held.push({ kind: 'held', fold, commit, changes: this.#changes, ready });
    this.#heldRows += fold.rows;
    if (this.#heldRows >= HELD_ROWS || fold.touchesEntities) this.#wait();
    else this.#read();
  }

  #emit(piece: Piece): void {
    if (this.#held.length === 0) this.#out.next(piece);
    else this.#held.push(piece);
  }

  /** Takes nothing more in until everything that is held has gone out. */
  #wait(): void {
    this.#waiting ??= [];
    this.#options.pause(true);
    this.#read();
  }

  /** Reads the metadata that is wanted now, unless it is being read: then what is wanted gathers for the next time. */
  #read(): void {
    if (this.#reading) return;
    const folds = this.#held.flatMap((one) => (one.kind === 'held' && !one.ready ? one.fold : []));
    if (this.#fold !== null && this.#fold.pending >= METADATA_BATCH) folds.push(this.#fold);
    if (folds.length === 0) return;
    const asked = folds.map((fold) => ({ fold, facts: fold.takePending() }));
    this.#reading = true;
    this.#options.metadata(asked.flatMap(({ facts }) => facts.map(spendLogKey))).then(
      (found) =>
        this.#attempt(() => {
          this.#reading = false;
          for (const { fold, facts } of asked) fold.complete(facts, found);
          this.#release(new Set(folds));
        }),
      (error: unknown) => this.#out.error(error),
    );
  }

  /** Lets out what waits for nothing any more. */
  #release(completed: ReadonlySet<TransactionFold>): void {
    for (const one of this.#held) if (one.kind === 'held' && completed.has(one.fold)) one.ready = true;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (first.kind === 'held' && !first.ready) break;
      this.#held.shift();
      if (first.kind === 'held') this.#heldRows -= first.fold.rows;
      this.#out.next(first.kind === 'held' ? pieceOf(first) : first);
    }
    this.#read();
    if (this.#waiting !== null && !this.#reading) this.#goOn();
  }

  /** Takes up what came meanwhile; only then is the socket read again, so that nothing overtakes. */
  #goOn(): void {
    const events = this.#waiting ?? [];
    this.#waiting = null;
    for (const [place, event] of events.entries()) {
      this.#handle(event);
      if (this.#isWaiting()) {
        this.#waiting = events.slice(place + 1);
        return;
      }
    }
    this.#options.pause(false);
  }

  #isWaiting(): boolean {
    return this.#waiting !== null;
  }
}

function pieceOf({ fold, commit, changes }: Pick<HeldTransaction, 'fold' | 'commit' | 'changes'>): Piece {
  const { commitLsn, endLsn, commitTime } = commit;
  return { kind: 'transaction', folded: fold.finish(), commitLsn, endLsn, commitTime, changes };
}
