import { setTimeout as pause } from 'node:timers/promises';
import type { RecordedState } from '@app/aggregates';
import { type Epoch, ExporterFailure, type FailureKind } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { ExclusiveUpstream, FakeLock } from '../../../test/pipeline/exclusive-upstream.js';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { FaultyStore, faultyStore, outlivingStore } from '../../../test/support/faulty-store.js';
import { givenPipeline, spend } from '../../../test/support/given-pipeline.js';
import { Told } from '../../../test/support/told.js';
import { Following, whyNothingToServe } from './following.js';
import { tellUnreached } from './reachability.js';

/** A store of several processes, as this one sees it: what it has looked at last. */
class SharedStore extends FaultyStore {
  looks = 0;
  #seen: RecordedState | null = null;

  constructor() {
    super(outlivingStore().inner, undefined, 'external');
  }

  override get state(): RecordedState | null {
    return this.#seen;
  }

  /** What was in memory is of no use any more. */
  lose(): void {
    this.#seen = null;
  }

  override async refresh(): Promise<void> {
    this.looks += 1;
    this.#seen = this.inner.state;
  }

  override async claim(epoch: Epoch): Promise<void> {
    await super.claim(epoch);
    this.#seen = this.inner.state;
  }
}

describe('a process that waits for the claim', () => {
  it('says that it follows, that PostgreSQL and the store answer, and takes over when the other one goes', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    const lock = new FakeLock();
    const store = outlivingStore();
    const first = givenPipeline(server, { store, upstream: new ExclusiveUpstream(server, {}, lock) });
    await first.streaming();
    const shared = new FaultyStore(store.inner, undefined, 'external');
    await using second = givenPipeline(server, { store: shared, upstream: new ExclusiveUpstream(server, {}, lock) });
    await awaitUntil(() => second.told.of('following').length === 1, { what: 'the word that it follows' });
    expect(second.told.of('dependency')).toEqual(
      expect.arrayContaining([
        ['postgres', true],
        ['redis', true],
      ]),
    );
    expect(second.told.of('warn')).toEqual([]);
    await first.stop();
    await second.streaming();
  });

  it('says that it has nothing to serve where the store has no state of the leader\u2019s, and warns when that lasts', async () => {
    const told = new Told();
    const following = new Following(outlivingStore(), told);
    following.tell();
    await awaitUntil(() => told.lines.length === 1, { what: 'the first word' });
    expect(told.of('info')[0]).toEqual([expect.stringMatching(/as a rule its first seed is not finished/)]);
    following.tell();
    await awaitUntil(() => told.of('warn').length === 1, { what: 'the warning' });
    expect(told.of('warn')[0]).toEqual(told.of('info')[0]);
    following.end();
  });

  it('W6: reads the first state within seconds of its being whole, though nobody asks for it, and says that it is ready', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    const lock = new FakeLock();
    // What another process has stored is seen by a look alone, as with Redis.
    const shared = new SharedStore();
    let finish = (): void => undefined;
    const seeding = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const leading = new FaultyStore(shared.inner, (point) => (point === 'replace' ? seeding : undefined), 'external');
    await using first = givenPipeline(server, { store: leading, upstream: new ExclusiveUpstream(server, {}, lock) });
    await awaitUntil(() => lock.holder !== null, { what: 'a leader' });
    await using second = givenPipeline(server, { store: shared, upstream: new ExclusiveUpstream(server, {}, lock) });
    await awaitUntil(() => shared.looks >= 2, { timeout: 30_000, what: 'a look of the follower\u2019s own accord' });
    expect(second.told.lines.filter((line) => line.includes('it is ready'))).toEqual([]);
    finish();
    await awaitUntil(() => second.told.lines.some((line) => line.includes('it is ready')), {
      timeout: 30_000,
      what: 'readiness',
    });
    expect(shared.state).not.toBeNull();
    expect(second.told.of('following')).toHaveLength(1);
    expect(second.told.of('warn')).toEqual([]);
    // A state that is lost while it waits is read once more.
    shared.lose();
    await awaitUntil(() => shared.state !== null, { timeout: 30_000, what: 'the state once more' });
    const { looks } = shared;
    await first.stop();
    await second.streaming();
    expect(shared.looks).toBe(looks);
  });

  it('looks for no state any more when the wait has ended without one', async () => {
    const shared = new SharedStore();
    const following = new Following(shared, new Told());
    following.tell();
    await awaitUntil(() => shared.looks >= 2, { timeout: 30_000, what: 'looks' });
    following.end();
    const { looks } = shared;
    await pause(1_500);
    expect(shared.looks).toBe(looks);
  });

  it('explains it by the store that it has', () => {
    expect(whyNothingToServe(faultyStore())).toMatch(/without Redis the two share nothing/);
    expect(whyNothingToServe(outlivingStore())).toMatch(/REDIS_URL and REDIS_KEY_PREFIX alike for both/);
  });
});

describe('a failure', () => {
  it.each<[FailureKind, unknown[][]]>([
    ['connection-refused', [['postgres', false]]],
    ['database-missing', [['postgres', false]]],
    ['tls-refused', [['postgres', false]]],
    ['server-shutting-down', [['postgres', false]]],
    ['stream-broken', [['postgres', false]]],
    ['store-unavailable', [['redis', false]]],
    ['privilege-missing', []],
    ['wal-level', []],
    ['fenced', []],
  ])('%s tells of a dependency only what it shows', (kind, said) => {
    const told = new Told();
    tellUnreached(new ExporterFailure({ kind, message: '' }).kind, told);
    expect(told.of('dependency')).toEqual(said);
  });
});
