import { ExporterFailure, type FailureKind } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { ExclusiveUpstream, FakeLock } from '../../../test/pipeline/exclusive-upstream.js';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { FaultyStore, faultyStore, outlivingStore } from '../../../test/support/faulty-store.js';
import { givenPipeline, spend } from '../../../test/support/given-pipeline.js';
import { Told } from '../../../test/support/told.js';
import { whyNothingToServe } from './following.js';
import { tellUnreached } from './reachability.js';

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

  it('says that it has nothing to serve where the store has no state of the leader\u2019s', async () => {
    const server = new FakePostgres();
    const lock = new FakeLock();
    await using first = givenPipeline(server, { upstream: new ExclusiveUpstream(server, {}, lock) });
    await first.streaming();
    await using second = givenPipeline(server, {
      store: outlivingStore(),
      upstream: new ExclusiveUpstream(server, {}, lock),
    });
    await awaitUntil(() => second.told.of('warn').length === 1, { what: 'the warning' });
    expect(second.told.lines.at(-1)).toMatch(/no state of its under REDIS_KEY_PREFIX/);
    await first.stop();
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
