import { describe, expect, it } from '@jest/globals';
import { FakeState } from '../../../../test/support/fake-state.js';
import type { Dialect } from './dialect.js';
import { ExpositionCache } from './exposition-cache.js';
import { RenderedState } from './rendered-state.js';

function counting() {
  const renderings: string[] = [];
  const cache = new ExpositionCache(async (state, dialect: Dialect) => {
    renderings.push(`${state.version} ${dialect}`);
    await new Promise((resolve) => setImmediate(resolve));
    return new RenderedState(
      state.version,
      dialect,
      { chunks: [Buffer.from(`${state.version}`)], giveBack: () => undefined },
      0,
    );
  });
  return { cache, renderings };
}

describe('the cache of rendered states', () => {
  it('renders once for scrapers that come together, and again only when the state has moved', async () => {
    const { cache, renderings } = counting();
    const state = new FakeState({ version: 1 });
    const leases = await Promise.all([1, 2, 3].map(() => cache.acquire(state, 'text')));
    expect(new Set(leases.map(({ rendered }) => rendered)).size).toBe(1);
    for (const lease of leases) lease.release();
    (await cache.acquire(state, 'text')).release();
    (await cache.acquire(state, 'openmetrics')).release();
    (await cache.acquire(new FakeState({ version: 2 }), 'text')).release();
    expect(renderings).toEqual(['1 text', '1 openmetrics', '2 text']);
  });

  it('does not take another state of the same version for the same (a new generation starts anywhere)', async () => {
    const { cache, renderings } = counting();
    (await cache.acquire(new FakeState({ version: 1 }), 'text')).release();
    (await cache.acquire(new FakeState({ version: 1 }), 'text')).release();
    expect(renderings).toEqual(['1 text', '1 text']);
  });

  it('keeps at most two alive: a third waits until a client of an older one is done (W9)', async () => {
    const { cache, renderings } = counting();
    const one = await cache.acquire(new FakeState({ version: 1 }), 'text');
    await cache.acquire(new FakeState({ version: 2 }), 'text');
    const third = cache.acquire(new FakeState({ version: 3 }), 'text');
    await new Promise((resolve) => setImmediate(resolve));
    expect(renderings).toEqual(['1 text', '2 text']);
    expect(cache.live).toBe(2);
    one.release();
    one.release();
    expect((await third).rendered.version).toBe(3);
    expect(cache.live).toBe(2);
  });

  it('gives outdated ones that nobody uses back before the next is rendered, and no other', async () => {
    const events: string[] = [];
    const cache = new ExpositionCache(async ({ version }, dialect) => {
      events.push(`made ${version}`);
      return new RenderedState(version, dialect, { chunks: [], giveBack: () => events.push(`back ${version}`) }, 0);
    });
    const state = new FakeState({ version: 1 });
    (await cache.acquire(state, 'text')).release();
    (await cache.acquire(state, 'text')).release();
    const used = await cache.acquire(new FakeState({ version: 2 }), 'text');
    (await cache.acquire(new FakeState({ version: 3 }), 'text')).release();
    expect(events).toEqual(['made 1', 'back 1', 'made 2', 'made 3']);
    used.release();
  });

  it('lets a waiting scraper give up', async () => {
    const { cache } = counting();
    await cache.acquire(new FakeState({ version: 1 }), 'text');
    await cache.acquire(new FakeState({ version: 2 }), 'text');
    const giveUp = new AbortController();
    const third = cache.acquire(new FakeState({ version: 3 }), 'text', giveUp.signal);
    giveUp.abort(new Error('time is up'));
    await expect(third).rejects.toThrow('time is up');
  });

  it('forgets a rendering that failed', async () => {
    let attempts = 0;
    const cache = new ExpositionCache(async (state, dialect) => {
      attempts += 1;
      if (attempts === 1) throw new Error('first');
      return new RenderedState(state.version, dialect, { chunks: [], giveBack: () => undefined }, 0);
    });
    const state = new FakeState();
    await expect(cache.acquire(state, 'text')).rejects.toThrow('first');
    expect(cache.live).toBe(0);
    await cache.acquire(state, 'text');
    expect(attempts).toBe(2);
  });
});
