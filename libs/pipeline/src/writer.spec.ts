import { EntityLayer, TransactionFold } from '@app/aggregates';
import { type Change, ExporterFailure, type Lsn, lsnOf } from '@app/change';
import { describe, expect, it, jest } from '@jest/globals';
import type { Subscription } from 'rxjs';
import { awaitUntil } from '../../../test/support/await-until.js';
import { insert, remove, update } from '../../../test/support/fake-postgres.js';
import { counted, read, spend } from '../../../test/support/given-pipeline.js';
import { type SeededStore, seededStore } from '../../../test/support/seeded-store.js';
import { Told } from '../../../test/support/told.js';
import type { TransactionPiece } from './piece.js';
import { Writer } from './writer.js';

const HOUR = 3_600_000;

/** A writer with a claim on a seeded store. */
class Given {
  readonly told = new Told();
  readonly writer: Writer;
  readonly failures: unknown[] = [];
  readonly stored: Lsn[] = [];
  readonly listening: Subscription;
  #commits = 0n;
  #letGo: (() => void)[] | null = null;

  constructor(readonly seeded: SeededStore) {
    this.writer = new Writer(seeded.store, this.told);
    this.listening = this.writer.failed.subscribe((error) => this.failures.push(error));
    this.writer.stored.subscribe(({ next }) => this.stored.push(next));
    this.writer.attach(seeded.claim);
  }

  /** Folds a transaction as the stream does, and hands it over. */
  commit(...changes: Change[]): Lsn {
    const piece = this.fold(changes);
    this.writer.take(piece);
    return piece.endLsn;
  }

  fold(changes: readonly Change[]): TransactionPiece {
    this.#commits += 1n;
    const commitLsn = lsnOf(100n + this.#commits * 48n);
    const commitTime = Date.now();
    const fold = new TransactionFold(this.writer.context(), { kind: 'begin', commitLsn, commitTime });
    for (const change of changes) if ('relation' in change || 'relations' in change) fold.add(change as never);
    const endLsn = lsnOf(commitLsn + 48n);
    return { kind: 'transaction', folded: fold.finish(), commitLsn, endLsn, commitTime, changes: changes.length };
  }

  /** Holds every step at the store until {@link letGo}. */
  holdSteps(): void {
    this.#letGo = [];
    this.seeded.store.reach = (point) => {
      if (point === 'store' && this.#letGo !== null) return new Promise<void>((resolve) => this.#letGo?.push(resolve));
    };
  }

  async underWay(): Promise<void> {
    await awaitUntil(() => (this.#letGo?.length ?? 0) > 0, { interval: 1, what: 'a step under way' });
  }

  letGo(): void {
    const waiting = this.#letGo ?? [];
    this.#letGo = null;
    for (const go of waiting) go();
  }

  async settled(): Promise<void> {
    await awaitUntil(() => this.writer.idle, { interval: 1, what: 'an idle writer' });
  }

  get state() {
    return this.seeded.state;
  }
}

async function given(): Promise<Given> {
  return new Given(await seededStore());
}

describe('the writer', () => {
  it('W3: stores what comes, in order, one step at a time, and what comes meanwhile together', async () => {
    const one = await given();
    one.holdSteps();
    const first = one.commit(spend());
    await one.underWay();
    for (let more = 0; more < 20; more++) one.commit(spend());
    const last = one.writer.next;
    one.letGo();
    await one.settled();
    expect(one.stored).toEqual([first, last]);
    expect(one.seeded.store.mostUnderWay).toBe(1);
    expect(read(one.state, 'spend_by_model', 'gpt-5')?.rows).toBe(21);
    expect(counted(one.state, 'transactions')).toBe(21);
  });

  it('W3: what was gathered decides from where on a transaction counts', async () => {
    const one = await given();
    expect(one.writer.next).toBe(100n);
    const end = one.commit(spend());
    expect(one.writer.next).toBe(end);
    one.writer.take({ kind: 'idle', walEnd: lsnOf(5_000n), replyRequested: false });
    expect(one.writer.next).toBe(5_000n);
    one.writer.take({ kind: 'idle', walEnd: lsnOf(4_000n), replyRequested: true });
    expect(one.writer.next).toBe(5_000n);
    await one.settled();
    expect(one.seeded.store.checkpoint?.next).toBe(5_000n);
  });

  it('W2: an idle end of the log is stored with the next tick, or soon where the server asks', async () => {
    const one = await given();
    one.writer.take({ kind: 'idle', walEnd: lsnOf(500n), replyRequested: false });
    expect(one.writer.idle).toBe(true);
    one.writer.take({ kind: 'idle', walEnd: lsnOf(600n), replyRequested: true });
    expect(one.writer.idle).toBe(false);
    await awaitUntil(() => one.stored.length > 0, { interval: 1 });
    expect(one.stored).toEqual([600n]);
  });

  it('W3: rewinding forgets what is not stored, and leaves in peace what is under way', async () => {
    const one = await given();
    one.holdSteps();
    const underWay = one.commit(spend());
    await one.underWay();
    one.commit(spend());
    const rewound = one.writer.rewind();
    one.letGo();
    await rewound;
    expect(one.writer.next).toBe(underWay);
    one.writer.take({ kind: 'tick' });
    await one.settled();
    expect(read(one.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
    expect(one.writer.checkpoint?.next).toBe(underWay);
  });

  it('detaching lets the step under way end, and takes in nothing any more', async () => {
    const one = await given();
    one.holdSteps();
    one.commit(spend());
    await one.underWay();
    one.commit(spend());
    const detached = one.writer.detach();
    expect(one.writer.checkpoint).toBeNull();
    one.letGo();
    await detached;
    one.writer.take({ kind: 'tick' });
    expect(one.writer.idle).toBe(true);
    expect(read(one.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
    expect(() => one.writer.context()).toThrow(ExporterFailure);
  });

  it('W4: what an ended claim fails with is nobody\u2019s trouble, and does not end the new one', async () => {
    const one = await given();
    let refuse: (error: Error) => void = () => undefined;
    one.seeded.store.reach = (point) => {
      if (point === 'store') return new Promise((_resolve, reject) => (refuse = reject));
    };
    one.commit(spend());
    await awaitUntil(() => one.seeded.store.underWay === 1, { interval: 1 });
    one.writer.attach(one.seeded.claim);
    one.seeded.store.reach = () => undefined;
    refuse(new ExporterFailure({ kind: 'fenced', message: 'a newer writer' }));
    await one.settled();
    expect(one.failures).toEqual([]);
    one.writer.take({ kind: 'tick' });
    one.commit(spend());
    await one.settled();
    expect(read(one.state, 'spend_by_model', 'gpt-5')?.rows).toBe(1);
  });

  it('W4: a step that is refused ends the claim, and says why', async () => {
    const one = await given();
    const refused = new ExporterFailure({ kind: 'fenced', message: 'a newer writer' });
    one.seeded.store.reach = (point) => {
      if (point === 'store') throw refused;
    };
    one.commit(spend());
    await awaitUntil(() => one.failures.length > 0, { interval: 1 });
    expect(one.failures).toEqual([refused]);
    expect(one.writer.checkpoint).toBeNull();
  });

  it('W4: a step that is refused between two streams, when nobody listens, is told and counted', async () => {
    const one = await given();
    one.listening.unsubscribe();
    one.seeded.store.reach = (point) => {
      if (point === 'store') throw new ExporterFailure({ kind: 'fenced', message: 'a newer writer' });
    };
    one.commit(spend());
    await awaitUntil(() => one.writer.checkpoint === null, { interval: 1 });
    expect(one.told.of('fenced')).toHaveLength(1);
    expect(one.told.of('error')).toEqual([[expect.stringContaining('a newer writer')]]);
  });

  it('what a batch can not take in ends the claim, not the process', async () => {
    const one = await given();
    one.writer.take({ kind: 'transaction' } as never);
    expect(one.failures).toEqual([expect.any(TypeError)]);
    expect(one.writer.checkpoint).toBeNull();
    one.writer.attach(one.seeded.claim);
    one.commit(spend());
    await one.settled();
    expect(one.stored).toHaveLength(1);
  });

  it('a transaction sees the entities of those before it, gathered, under way and stored', async () => {
    const one = await given();
    one.commit(insert('team', { team_id: 't', team_alias: 'stored', spend: 0 }));
    await one.settled();
    one.holdSteps();
    one.commit(update('team', { team_id: 't', team_alias: 'under way' }), spend({ team_id: 't', spend: 1 }));
    await one.underWay();
    one.commit(spend({ team_id: 't', spend: 10 }));
    one.commit(update('team', { team_id: 't', team_alias: 'gathered' }));
    one.commit(spend({ team_id: 't', spend: 100 }));
    one.letGo();
    await one.settled();
    // The alias of 1 and 10 is in force no more: its series has ended.
    expect([...one.state.counters('team_spend_usd')].map(({ labels, value }) => [labels, value])).toEqual([
      [['t', 'gathered'], 100],
    ]);
    expect(read(one.state, 'spend_by_team', 't', '', 'gpt-5')?.sum).toBe(111);
  });

  it('a transaction that is open while its batch is stored goes on over what was stored', async () => {
    const one = await given();
    one.commit(insert('key', { token: 'a', key_name: 'one', key_alias: '', spend: 0 }));
    const open = one.fold([update('key', { token: 'a', key_alias: 'new' }), spend({ api_key: 'a' })]);
    await one.settled();
    one.writer.take(open);
    one.commit(remove('key', { token: 'a' }), spend({ api_key: 'a' }));
    await one.settled();
    expect(one.state.entities.count('key')).toBe(0);
    expect([...one.state.counters('key_spend_usd')].map(({ labels, value }) => [labels, value])).toEqual([
      [['none', 'none'], 1],
    ]);
  });

  it('after rewinding, entities that were only gathered are unknown again', async () => {
    const one = await given();
    one.commit(insert('team', { team_id: 't', team_alias: 'gathered', spend: 0 }));
    await one.writer.rewind();
    expect(one.writer.context().entities.get('team', 't')).toBeUndefined();
  });

  it('W9: looks through the batches that are not stored yet, not through all there ever were', async () => {
    const one = await given();
    for (let step = 0; step < 10; step++) {
      one.commit(insert('team', { team_id: `t${step}`, spend: 0 }));
      await one.settled();
    }
    const lookedAt = jest.spyOn(EntityLayer.prototype, 'get');
    expect(one.writer.context().entities.get('team', 't0')).toBeDefined();
    expect(lookedAt.mock.calls.length).toBeLessThanOrEqual(2);
    lookedAt.mockRestore();
  });

  it('W8: tells time by PostgreSQL\u2019s clock', async () => {
    const one = await given();
    one.writer.setClock(Date.now() + 2 * HOUR);
    expect(one.writer.clock - Date.now()).toBeGreaterThan(HOUR);
    one.writer.take({ kind: 'tick' });
    await one.settled();
    expect(one.state.clock - Date.now()).toBeGreaterThan(HOUR);
  });

  it.each([
    ['many rows wait', 50_500, () => ({})],
    ['fewer wait that have series of their own', 4_000, (at: number) => ({ user: `user-${at}`, api_key: `key-${at}` })],
  ])('W9: is full when %s behind a step under way', async (_, rows, of) => {
    const one = await given();
    one.holdSteps();
    one.commit(spend());
    await one.underWay();
    expect(one.writer.full).toBe(false);
    const changes = Array.from({ length: rows }, (_row, at) => spend(of(at)));
    for (let from = 0; from < rows; from += 500) one.commit(...changes.slice(from, from + 500));
    expect([one.writer.full, one.told.of('inFlight').at(-1)]).toEqual([true, [rows + 1]]);
    one.letGo();
    await one.settled();
    expect(one.writer.full).toBe(false);
    expect(one.told.of('inFlight').at(-1)).toEqual([0]);
  });

  it('says which step is under way, and since when', async () => {
    const one = await given();
    expect(one.writer.stepUnderWay).toBeNull();
    one.holdSteps();
    one.commit(spend());
    await one.underWay();
    expect(one.writer.stepUnderWay?.since).toBeGreaterThan(Date.now() - 10_000);
    one.letGo();
    await one.settled();
    expect(one.writer.stepUnderWay).toBeNull();
  });

  it('can write to nothing where the store has no state', async () => {
    const [{ claim }, { faultyStore }] = [await seededStore(), await import('../../../test/support/faulty-store.js')];
    expect(() => new Writer(faultyStore(), new Told()).attach(claim)).toThrow('there is no state to write to');
  });
});
