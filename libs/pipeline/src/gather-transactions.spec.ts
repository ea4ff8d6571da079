import { AggregateState, EntityLayer, type FoldContext, SpendFold } from '@app/aggregates';
import { type Change, ExporterFailure, type Lsn, lsnOf } from '@app/change';
import type { MetadataFacts, SpendLogKey } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { deltaOf, SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { type GatherOptions, gatherTransactions } from './gather-transactions.js';
import { MESSAGE_PREFIX, type Piece } from './piece.js';
import { PoisonWatch } from './poison-watch.js';
import type { StreamEvent } from './stream-event.js';

const NOW = Date.now();

/** One reading of metadata, which the spec answers when it likes. */
interface Reading {
  readonly rows: readonly SpendLogKey[];
  answer(found?: ReadonlyMap<string, MetadataFacts> | Error): Promise<void>;
}

/** A gathering whose source the spec drives, and whose every word it hears. */
class Given {
  readonly source = new Subject<StreamEvent>();
  readonly pieces: Piece[] = [];
  readonly pauses: boolean[] = [];
  readonly readings: Reading[] = [];
  readonly errors: unknown[] = [];
  next: Lsn = lsnOf(0n);
  context: () => FoldContext = () => ({ fold: new SpendFold(SETTINGS), schema: 'public', entities: this.layer });
  readonly layer = new EntityLayer(new AggregateState(SETTINGS).entities);
  readonly unsubscribe: () => void;

  constructor(poison = new PoisonWatch(), changes: Partial<GatherOptions> = {}) {
    const options: GatherOptions = {
      next: () => this.next,
      context: () => this.context(),
      metadata: (rows) => this.#read(rows),
      pause: (paused) => this.pauses.push(paused),
      poison,
      ...changes,
    };
    const subscription = this.source.pipe(gatherTransactions(options)).subscribe({
      next: (piece) => this.pieces.push(piece),
      error: (error) => this.errors.push(error),
    });
    this.unsubscribe = () => subscription.unsubscribe();
  }

  send(...changes: Change[]): void {
    for (const change of changes) this.source.next({ kind: 'change', change });
  }

  keepalive(walEnd: bigint, replyRequested = false): void {
    this.source.next({ kind: 'keepalive', walEnd: lsnOf(walEnd), replyRequested });
  }

  get kinds(): string[] {
    return this.pieces.map(({ kind }) => kind);
  }

  #read(rows: readonly SpendLogKey[]): Promise<ReadonlyMap<string, MetadataFacts>> {
    return new Promise((resolve, reject) => {
      const answer = (found: ReadonlyMap<string, MetadataFacts> | Error = new Map()): Promise<void> => {
        if (found instanceof Error) reject(found);
        else resolve(found);
        return new Promise((done) => setImmediate(done));
      };
      this.readings.push({ rows, answer });
    });
  }
}

function begin(commitLsn: bigint): Change {
  return { kind: 'begin', commitLsn: lsnOf(commitLsn), commitTime: NOW };
}

function commit(commitLsn: bigint, endLsn = commitLsn + 48n): Change {
  return { kind: 'commit', commitLsn: lsnOf(commitLsn), endLsn: lsnOf(endLsn), commitTime: NOW };
}

function failure(facts: Record<string, string> = {}): Change {
  return spend({ status: 'failure', metadata: undefined, ...facts });
}

function rowsOf(piece: Piece | undefined): number {
  return piece?.kind === 'transaction' ? piece.folded.rows : -1;
}

function countOf(piece: Piece | undefined, kind: 'rows_rejected' | 'request_errors', ...labels: string[]): number {
  if (piece?.kind !== 'transaction') return -1;
  const found = [...(deltaOf(piece.folded).counters[kind]?.values() ?? [])];
  return found.find((one) => one.labels.join('|') === labels.join('|'))?.value[0] ?? 0;
}

describe('gathering transactions', () => {
  it('W1: only a commit lets anything out, with its end as the position', () => {
    const given = new Given();
    given.send(begin(100n), spend(), spend());
    expect(given.pieces).toEqual([]);
    given.send(commit(100n));
    expect(given.kinds).toEqual(['transaction']);
    expect(given.pieces[0]).toMatchObject({ endLsn: 148n, commitTime: NOW });
    expect(rowsOf(given.pieces[0])).toBe(2);
  });

  it('W3: a transaction before `next` is a duplicate, one exactly at it counts', () => {
    const given = new Given();
    given.next = lsnOf(148n);
    given.send(begin(100n), spend(), commit(100n), begin(148n), spend(), commit(148n));
    expect(given.kinds).toEqual(['duplicate', 'transaction']);
    expect(given.pieces[0]).toMatchObject({ commitLsn: 100n, changes: 1 });
  });

  it('W3: commits that lie next to each other are told apart', () => {
    const given = new Given();
    for (const at of [100n, 148n, 196n]) given.send(begin(at), spend(), commit(at));
    expect(given.pieces.map((piece) => piece.kind === 'transaction' && piece.endLsn)).toEqual([148n, 196n, 244n]);
  });

  it('W2: a keepalive in an open transaction is no idle moment, one between two is', () => {
    const given = new Given();
    given.keepalive(90n);
    given.send(begin(100n));
    given.keepalive(120n, true);
    given.send(spend());
    given.keepalive(130n);
    given.send(commit(100n));
    given.keepalive(200n, true);
    expect(given.kinds).toEqual(['idle', 'transaction', 'idle']);
    expect(given.pieces.at(-1)).toEqual({ kind: 'idle', walEnd: 200n, replyRequested: true });
  });

  it('W2: nor is one in a transaction that is being dropped', () => {
    const given = new Given();
    given.next = lsnOf(1_000n);
    given.send(begin(100n));
    given.keepalive(120n);
    expect(given.pieces).toEqual([]);
  });

  it('a heartbeat comes out where it lies in the stream, somebody else\u2019s message does not', () => {
    const given = new Given();
    const any = { kind: 'message', content: 'x', lsn: lsnOf(1n) } as const;
    const message = (prefix: string, transactional: boolean): Change => ({ ...any, prefix, transactional });
    given.send(message(MESSAGE_PREFIX, false), message('other', false));
    given.send(begin(100n), message(MESSAGE_PREFIX, true), commit(100n));
    expect(given.kinds).toEqual(['heartbeat', 'heartbeat', 'transaction']);
  });

  it('W10: a row that could not be decoded is counted in its transaction, and named with its position', () => {
    const given = new Given();
    const rejected: Change = { kind: 'rejected', reason: 'undecodable_message', detail: 'of 12 bytes' };
    given.send(begin(100n), spend(), rejected, spend(), commit(100n), rejected);
    expect(given.kinds).toEqual(['rejected', 'transaction', 'rejected']);
    expect(given.pieces[0]).toMatchObject({ reason: 'undecodable_message', commitLsn: 100n });
    expect(given.pieces[2]).toMatchObject({ commitLsn: null });
    expect(rowsOf(given.pieces[1])).toBe(2);
    expect(countOf(given.pieces[1], 'rows_rejected', 'undecodable_message')).toBe(1);
  });

  it('W10: a row that can not be folded stops nothing, and says nothing of its content', () => {
    const given = new Given();
    const row = new Proxy(
      {},
      {
        get: () => {
          throw new TypeError('secret content');
        },
      },
    ) as Record<string, string>;
    const poison: Change = { kind: 'insert', relation: { schema: 'public', table: 'LiteLLM_SpendLogs' }, row };
    given.send(begin(100n), poison, spend(), commit(100n));
    expect(given.pieces[0]).toEqual({
      kind: 'rejected',
      reason: 'unfoldable_row',
      detail: 'TypeError',
      commitLsn: 100n,
    });
    expect(rowsOf(given.pieces[1])).toBe(1);
    expect(countOf(given.pieces[1], 'rows_rejected', 'unfoldable_row')).toBe(1);
  });

  it('reads metadata of failures in one go, goes on reading the stream meanwhile, and keeps the order', async () => {
    const given = new Given();
    given.send(begin(100n), failure({ request_id: 'r1' }), failure({ request_id: 'r2' }), commit(100n));
    expect(given.readings.map(({ rows }) => rows.map((row) => row.requestId))).toEqual([['r1', 'r2']]);
    given.send(begin(148n), spend(), commit(148n));
    given.keepalive(300n);
    expect(given.pieces).toEqual([]);
    await given.readings[0]?.answer(new Map([['r1', { status: null, errorClass: 'RateLimitError' }]]));
    expect(given.kinds).toEqual(['transaction', 'transaction', 'idle']);
    expect(given.pauses).toEqual([]);
    expect(countOf(given.pieces[0], 'request_errors', 'gpt-5', 'RateLimitError')).toBe(1);
    expect(countOf(given.pieces[0], 'request_errors', 'gpt-5', 'unknown')).toBe(1);
    expect(countOf(given.pieces[0], 'rows_rejected', 'metadata_gone')).toBe(1);
  });

  it('W9: reads metadata batch by batch within one transaction of failures', async () => {
    const given = new Given();
    given.send(begin(100n), ...Array.from({ length: 1_200 }, () => failure()), commit(100n));
    for (const size of [500, 500, 200]) {
      const reading = given.readings.at(-1) as Reading;
      expect(reading.rows).toHaveLength(size);
      expect(given.pauses.at(-1)).toBe(size === 500);
      await reading.answer();
    }
    expect(given.readings).toHaveLength(3);
    expect(given.kinds).toEqual(['transaction']);
    expect(rowsOf(given.pieces[0])).toBe(1_200);
    expect(given.pauses.at(-1)).toBe(false);
  });

  it('what the socket hands over while it is being let go does not overtake what waited', async () => {
    const given: Given = new Given(new PoisonWatch(), {
      pause: (paused) => {
        if (!paused) given.send(begin(500n), commit(500n));
      },
    });
    given.send(begin(100n), ...Array.from({ length: 500 }, () => failure()), commit(100n), begin(148n), commit(148n));
    await given.readings[0]?.answer();
    const ends = given.pieces.map((piece) => piece.kind === 'transaction' && piece.endLsn);
    expect(ends).toEqual([148n, 196n, 548n]);
  });

  it('metadata that can not be read breaks the stream: the rows come again', async () => {
    const given = new Given();
    given.send(begin(100n), failure(), commit(100n));
    await given.readings[0]?.answer(new Error('the connection was lost'));
    expect(given.errors).toEqual([new Error('the connection was lost')]);
    expect(given.pieces).toEqual([]);
  });

  it('does nothing any more when it was let go of while metadata was being read', async () => {
    const given = new Given();
    given.send(begin(100n), failure(), commit(100n), begin(148n), spend(), commit(148n));
    given.context = () => {
      throw new Error('the claim has ended');
    };
    given.unsubscribe();
    await given.readings[0]?.answer();
    expect(given.pieces).toEqual([]);
    expect(given.pauses).toEqual([]);
  });

  it('what is thrown while an event is taken in ends the stream, not the process', () => {
    const given = new Given();
    given.context = () => {
      throw new ExporterFailure({ kind: 'stream-broken', message: 'a stream is being read without a claim' });
    };
    given.send(begin(100n));
    expect(given.errors).toHaveLength(1);
    expect(given.source.observed).toBe(false);
  });

  it('an error of the source, and its end, go through', () => {
    const given = new Given();
    given.source.error(new Error('broken'));
    expect(given.errors).toEqual([new Error('broken')]);
  });

  it('W10: rows without a begin break the stream once; at the same commit again they are passed over and counted', () => {
    const poison = new PoisonWatch();
    const first = new Given(poison);
    first.send(spend(), commit(100n));
    expect(first.errors).toEqual([expect.objectContaining({ kind: 'stream-broken' })]);
    const second = new Given(poison);
    second.send(spend());
    second.keepalive(130n);
    second.send(commit(100n), begin(148n), spend(), commit(148n));
    expect(second.errors).toEqual([]);
    expect(second.kinds).toEqual(['rejected', 'transaction', 'transaction']);
    expect(second.pieces[0]).toMatchObject({ reason: 'transaction_unopened', commitLsn: 100n });
    expect(second.pieces[1]).toMatchObject({ endLsn: 148n });
    expect(rowsOf(second.pieces[1])).toBe(0);
    expect(countOf(second.pieces[1], 'rows_rejected', 'transaction_unopened')).toBe(1);
    expect(rowsOf(second.pieces[2])).toBe(1);
  });

  it('W10: a transaction without an end breaks the stream once, and is passed over and counted then', () => {
    const poison = new PoisonWatch();
    const first = new Given(poison);
    first.send(begin(100n), spend(), begin(148n));
    expect(first.errors).toEqual([expect.objectContaining({ kind: 'stream-broken' })]);
    const second = new Given(poison);
    second.send(begin(100n), spend(), begin(148n), spend(), spend(), commit(148n));
    expect(second.errors).toEqual([]);
    expect(second.kinds).toEqual(['rejected', 'transaction']);
    expect(rowsOf(second.pieces[1])).toBe(2);
    expect(countOf(second.pieces[1], 'rows_rejected', 'transaction_unclosed')).toBe(1);
  });

  it('what is broken before `next` is no trouble: it was counted already', () => {
    const given = new Given();
    given.next = lsnOf(300n);
    given.send(spend(), commit(100n), begin(148n), spend(), begin(200n), commit(200n), begin(300n), commit(300n));
    expect(given.errors).toEqual([]);
    expect(given.kinds).toEqual(['duplicate', 'duplicate', 'transaction']);
  });
});
