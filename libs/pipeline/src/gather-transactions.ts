import { type FoldContext, spendLogKey, TransactionFold } from '@app/aggregates';
import { type BeginChange, type Change, type CommitChange, ExporterFailure, formatLsn, type Lsn } from '@app/change';
import type { MetadataFacts, SpendLogKey } from '@app/litellm';
import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { MESSAGE_PREFIX, type Piece } from './piece.js';
import type { PoisonWatch } from './poison-watch.js';
import type { StreamEvent } from './stream-event.js';

/** Rows that may wait for their metadata before it is read: what bounds the memory of a transaction of failures. */
const METADATA_BATCH = 500;

/** What gathering needs. */
export interface GatherOptions {
  /** A transaction counts when its commit LSN >= this (W3); asked at each begin. */
  readonly next: () => Lsn;
  /** What a transaction folds with; asked at each begin, so that it sees the entities of those before. */
  readonly context: () => FoldContext;
  /** Reads what the stream does not carry of failure rows. */
  readonly metadata: (rows: readonly SpendLogKey[]) => Promise<ReadonlyMap<string, MetadataFacts>>;
  /** Holds the socket while metadata is being read. */
  readonly pause: (paused: boolean) => void;
  /** What has failed before. */
  readonly poison: PoisonWatch;
}

/**
 * Gathers changes to whole transactions, each folded as its rows come, so that one of a million rows costs memory by
 * series (W9). Only a commit lets anything out (W1), in the order of commits; a transaction before `next` is dropped
 * and counted (W3).
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

class Gathering {
  readonly #options: GatherOptions;
  readonly #out: Subscriber<Piece>;
  #fold: TransactionFold | null = null;
  #begin: BeginChange | null = null;
  /** Rows came that belong to no transaction: its begin could not be read. */
  #orphans = false;
  /** Events that came while metadata was being read; null when nothing is being read. */
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
      this.#out.next({ kind: 'idle', walEnd: event.walEnd, replyRequested: event.replyRequested });
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
        if (change.prefix === MESSAGE_PREFIX) this.#out.next({ kind: 'heartbeat', content: change.content });
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
    if (fold === null) return;
    try {
      fold.add(change);
    } catch (error) {
      this.#reject('unfoldable_row', error instanceof Error ? error.name : 'unknown error');
    }
    if (fold.pending >= METADATA_BATCH) this.#readMetadata(fold, () => undefined);
  }

  #reject(reason: string, detail: string): void {
    this.#fold?.reject(reason);
    this.#out.next({ kind: 'rejected', reason, detail, commitLsn: this.#begin?.commitLsn ?? null });
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
      this.#out.next({ kind: 'duplicate', endLsn: commit.endLsn });
    } else if (fold.pending > 0) this.#readMetadata(fold, () => this.#finish(fold, commit));
    else this.#finish(fold, commit);
  }

  #finish(fold: TransactionFold, commit: CommitChange): void {
    this.#begin = null;
    this.#fold = null;
    const { endLsn, commitTime } = commit;
    this.#out.next({ kind: 'transaction', folded: fold.finish(), endLsn, commitTime });
  }

  #readMetadata(fold: TransactionFold, then: () => void): void {
    const facts = fold.takePending();
    this.#waiting = [];
    this.#options.pause(true);
    this.#options.metadata(facts.map(spendLogKey)).then(
      (found) =>
        this.#attempt(() => {
          fold.complete(facts, found);
          then();
          this.#goOn();
        }),
      (error: unknown) => this.#out.error(error),
    );
  }

  /** Takes up what came meanwhile; only then is the socket read again, so that nothing overtakes. */
  #goOn(): void {
    const events = this.#waiting ?? [];
    this.#waiting = null;
    for (const [place, event] of events.entries()) {
      this.#handle(event);
      if (this.#stillReading()) {
        this.#waiting = events.slice(place + 1);
        return;
      }
    }
    this.#options.pause(false);
  }

  #stillReading(): boolean {
    return this.#waiting !== null;
  }
}
