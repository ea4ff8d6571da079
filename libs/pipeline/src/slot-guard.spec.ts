import { lsnOf, type SlotFacts } from '@app/change';
import type { SlotDrop, SlotSight, SlotWatch, SourceSight } from '@app/litellm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { Told } from '../../../test/support/told.js';
import { SlotGuard } from './slot-guard.js';

const LIMIT = 1_000;
const SOURCE = { systemId: '7', database: 'd', schema: 'public' };

/** A watch over a slot that stands where the spec puts it; remembers how it was asked to drop. */
class GivenWatch implements SlotWatch {
  readonly drops: { readonly limit: number; readonly endHolder: boolean }[] = [];
  looks = 0;
  /** The system that the stored state is of. */
  owner = SOURCE.systemId;
  closed = false;
  slot: SlotFacts | null = slotAt(1_000n, 1_000n);
  walEnd = 1_000n;
  inRecovery = false;
  outcome: SlotDrop | Error = 'dropped';
  failing: Error | null = null;
  /** Called before each look. */
  seen: () => void = () => undefined;

  async look(): Promise<SlotSight> {
    this.looks += 1;
    this.seen();
    if (this.failing !== null) throw this.failing;
    return { source: SOURCE, slot: this.slot, walEnd: lsnOf(this.walEnd), inRecovery: this.inRecovery };
  }

  async oldestTransaction(): Promise<string | null> {
    return 'pid 4711 (role litellm, open for 3600 s)';
  }

  async drop(limit: number, { endHolder }: { readonly endHolder: boolean }): Promise<SlotDrop> {
    this.drops.push({ limit, endHolder });
    if (this.outcome instanceof Error) throw this.outcome;
    if (this.outcome === 'dropped') this.slot = null;
    return this.outcome;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function slotAt(confirmed: bigint, restart: bigint): SlotFacts {
  return {
    name: 's',
    plugin: 'pgoutput',
    database: 'd',
    temporary: false,
    active: false,
    activePid: null,
    restartLsn: lsnOf(restart),
    confirmedFlush: lsnOf(confirmed),
    walStatus: 'reserved',
    safeWalBytes: null,
    invalidationReason: null,
  };
}

const LOST: SlotFacts = { ...slotAt(1n, 1n), confirmedFlush: null, restartLsn: null, walStatus: 'lost' };

const stops: (() => Promise<void>)[] = [];

function given(prepare: (watch: GivenWatch) => void, { limit = LIMIT, interval = 5 } = {}) {
  const watch = new GivenWatch();
  prepare(watch);
  const told = new Told();
  const isOurs = ({ systemId }: SourceSight): boolean => systemId === watch.owner;
  const guard = new SlotGuard({ watch, observer: told, interval, limit, isOurs });
  const stopping = new AbortController();
  const running = guard.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  stops.push(stop);
  const looked = async (more: number): Promise<void> => {
    const target = watch.looks + more;
    await awaitUntil(() => watch.looks >= target, { interval: 1, what: `${more} looks` });
  };
  return { watch, told, guard, stop, looked };
}

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('the guard of the slot', () => {
  it('shows the figures of a slot that was made meanwhile at once, without counting that as a look', async () => {
    const { told, watch, guard } = given(
      (watch) => {
        watch.slot = null;
      },
      { interval: 3_600_000 },
    );
    await awaitUntil(() => told.of('slot').length === 1);
    watch.slot = slotAt(1_000n, 1_000n);
    watch.walEnd = 9_000n;
    guard.refresh();
    await awaitUntil(() => told.of('slot').length === 2);
    expect(told.of('slot').at(-1)).toEqual([expect.objectContaining({ status: 'reserved', confirmedLag: 8_000 })]);
    expect(watch.drops).toEqual([]);
  });

  it('W11: tells the figures of the slot at each look, leader or not', async () => {
    const { told, looked, watch } = given((watch) => {
      watch.slot = slotAt(900n, 400n);
    });
    await looked(2);
    expect(told.of('dependency')[0]).toEqual(['postgres', true]);
    expect(told.of('slot')[0]).toEqual([
      { retained: 600, confirmedLag: 100, safe: null, status: 'reserved', limit: LIMIT },
    ]);
    watch.slot = null;
    await awaitUntil(() => told.of('slot').at(-1)?.[0] === null, { interval: 1 });
  });

  it('W11: drops a slot whose confirmed position lags too far, once, and remembers why there is none', async () => {
    const { watch, told, guard, looked } = given((watch) => {
      watch.walEnd = 2_001n;
    });
    await looked(3);
    expect(watch.drops).toEqual([{ limit: LIMIT, endHolder: false }]);
    expect(told.of('slotDropped')).toHaveLength(1);
    expect(told.lines.join()).toMatch(/held 1001 bytes .* REPLICATION_MAX_RETAINED_BYTES is 1000/);
    expect(guard.gaveUp).toBe(true);
    watch.slot = slotAt(2_001n, 2_001n);
    await awaitUntil(() => !guard.gaveUp, { interval: 1 });
  });

  it('W11: who holds the claim may act first; one that neither acts nor catches up is ended', async () => {
    const { watch } = given((watch) => {
      watch.walEnd = 5_000n;
      watch.outcome = 'held';
    });
    await awaitUntil(() => watch.drops.length >= 4, { interval: 1 });
    expect(watch.drops.slice(0, 4).map(({ endHolder }) => endHolder)).toEqual([false, false, false, true]);
  });

  it('W11: a leader that works a burst of log off is left alone, however far behind', async () => {
    const { watch } = given((watch) => {
      watch.walEnd = 1_000_000n;
      watch.outcome = 'held';
      watch.seen = () => {
        watch.slot = slotAt((watch.slot?.confirmedFlush ?? 0n) + 1_000n, 0n);
      };
    });
    await awaitUntil(() => watch.drops.length >= 10, { interval: 1 });
    expect(watch.drops.some(({ endHolder }) => endHolder)).toBe(false);
  });

  it('W11: what somebody’s transaction holds back is told with its pid, and never leads to a drop', async () => {
    const { watch, told, looked } = given((watch) => {
      watch.walEnd = 9_000n;
      watch.slot = slotAt(8_900n, 100n);
    });
    await looked(4);
    expect(watch.drops).toEqual([]);
    expect(told.of('warn').map(String)).toEqual([expect.stringMatching(/keeps 8900 bytes.*pid 4711.*The slot stays/)]);
  });

  it.each([
    ['it is off', 0, {}],
    ['the server is in recovery', LIMIT, { inRecovery: true }],
    ['there is no slot', LIMIT, { slot: null }],
    ['the stored state is another deployment’s, which may have a slot of that name', LIMIT, { owner: '8' }],
    ['the slot is lost, and holds nothing', LIMIT, { slot: LOST }],
  ] as const)('leaves the slot alone where %s', async (_, limit, state) => {
    const { watch, told, looked } = given(
      (watch) => {
        Object.assign(watch, { walEnd: 9_000n }, state);
      },
      { limit },
    );
    await looked(3);
    expect(watch.drops).toEqual([]);
    expect(told.of('warn')).toEqual([]);
  });

  it('says once that PostgreSQL can not be asked, shows nothing meanwhile, and goes on looking', async () => {
    const { watch, told, looked, stop } = given((watch) => {
      watch.failing = new Error('no route');
    });
    await looked(3);
    expect(told.of('warn')).toEqual([["the slot can't be watched: no route"]]);
    expect(told.of('slot').at(-1)).toEqual([null]);
    watch.failing = null;
    await awaitUntil(() => told.of('slot').at(-1)?.[0] !== null, { interval: 1 });
    await stop();
    expect(watch.closed).toBe(true);
  });

  it('a drop that PostgreSQL refuses is told, and tried again', async () => {
    const { watch, told } = given((watch) => {
      watch.walEnd = 9_000n;
      watch.outcome = new Error('permission denied');
    });
    await awaitUntil(() => watch.drops.length > 2, { interval: 1 });
    expect(told.of('warn').map(String)).toEqual([
      "the slot lags by 8000 bytes and can't be dropped: permission denied",
    ]);
  });
});
