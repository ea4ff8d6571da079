import type { SlotSight, SlotWatch, SourceSight, UpstreamSession } from '@app/litellm';
import { exhaustMap, map, merge, Subject, timer } from 'rxjs';
import type { PipelineObserver } from './observer.js';
import { SlotLagWatch, slotLag } from './slot-lag.js';
import { untilAborted } from './until-aborted.js';

/** What a guard works with. */
export interface SlotGuardOptions {
  readonly watch: SlotWatch;
  readonly observer: PipelineObserver;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly limit: number;
  /** False for a server whose slot is another deployment's, as far as the store tells: this process was pointed at the wrong one. */
  readonly isOurs: (source: SourceSight) => boolean;
}

/** Looks that whoever holds the claim is given: it needs two of its own, and has to let go. */
const HOLDERS_LOOKS = 3;
/** Milliseconds between two lines about what goes on and on. */
const SAID_EVERY = 600_000;

/**
 * Looks at the slot now and then, whoever leads and whether the store answers or not: its figures stay fresh, and a slot
 * that lags further than allowed is dropped (W11). Every process has one.
 *
 * Who holds the claim comes first: it drops the slot by itself, and seeds. One that has neither done so nor caught up
 * anything after some looks is stuck, and its session is ended.
 */
export class SlotGuard {
  readonly #options: SlotGuardOptions;
  readonly #lag: SlotLagWatch;
  #gaveUp = false;
  #unseen = false;
  readonly #changed = new Subject<void>();
  readonly #saidAt = new Map<string, number>();

  constructor(options: SlotGuardOptions) {
    this.#options = options;
    this.#lag = new SlotLagWatch(options.limit);
  }

  /** True since the slot was seen to lag too far, until one is seen that does not: why there may be none now. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Looks at once and then at each interval, until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, interval } = this.#options;
    let looking: Promise<void> = Promise.resolve();
    const looks = merge(timer(0, interval).pipe(map(() => true)), this.#changed.pipe(map(() => false)))
      .pipe(
        exhaustMap((judges) => {
          looking = this.#look(judges);
          return looking;
        }),
      )
      .subscribe();
    await untilAborted(new Promise<never>(() => undefined), signal);
    looks.unsubscribe();
    await watch.close();
    await looking;
  }

  /** The slot has been made, or is used again: its figures are shown now, and not only at the next interval. */
  refresh(): void {
    this.#changed.next();
  }

  async #look(judges: boolean): Promise<void> {
    const { watch, observer } = this.#options;
    try {
      const sight = await watch.look();
      this.#unseen = false;
      observer.dependency('postgres', true);
      observer.source(sight.source);
      observer.slot(figuresOf(sight, this.#options.limit));
      if (judges && !sight.inRecovery && this.#options.isOurs(sight.source)) await this.#judge(sight);
    } catch (error) {
      observer.source(null);
      observer.slot(null);
      if (!this.#unseen && this.#options.limit > 0) observer.warn(`the slot can't be watched: ${textOf(error)}`);
      this.#unseen = true;
    }
  }

  async #judge({ slot, walEnd }: SlotSight): Promise<void> {
    const { limit } = this.#options;
    const looks = this.#lag.observe(slot, walEnd);
    if (slot === null) return;
    if (looks > 0) {
      this.#gaveUp = true;
      await this.#drop(slotLag(slot, walEnd).confirmed ?? 0, looks);
      return;
    }
    this.#gaveUp = false;
    const { retained } = slotLag(slot, walEnd);
    if (limit === 0 || retained === null || retained <= limit) {
      this.#saidAt.delete('pinned');
    } else await this.#tellWhoPins(retained);
  }

  async #drop(lag: number, looks: number): Promise<void> {
    const { watch, observer, limit } = this.#options;
    try {
      if ((await watch.drop(limit, { endHolder: looks > HOLDERS_LOOKS })) !== 'dropped') return;
    } catch (error) {
      this.#seldom('refused', `the slot lags by ${lag} bytes and can't be dropped: ${textOf(error)}`);
      return;
    }
    observer.slotDropped();
    observer.slot(null);
    observer.error(
      `the slot is dropped: it held ${lag} bytes of PostgreSQL's log back, and REPLICATION_MAX_RETAINED_BYTES is ${limit}; a new seed follows as soon as the store and PostgreSQL allow it`,
    );
  }

  /** A slot made anew would wait for the same transaction: dropping ours would help nobody. */
  async #tellWhoPins(retained: number): Promise<void> {
    const { watch, limit } = this.#options;
    const who = (await watch.oldestTransaction()) ?? 'nobody any more, so that it will soon be let go of';
    this.#seldom(
      'pinned',
      `PostgreSQL keeps ${retained} bytes of its log for the slot, more than REPLICATION_MAX_RETAINED_BYTES (${limit}), though we have confirmed all but a little of it; it waits for the oldest transaction: ${who}. The slot stays`,
    );
  }

  #seldom(about: string, line: string): void {
    const now = performance.now();
    if (now - (this.#saidAt.get(about) ?? Number.NEGATIVE_INFINITY) < SAID_EVERY) return;
    this.#saidAt.set(about, now);
    this.#options.observer.warn(line);
  }
}

/**
 * Drops the slot with the claim in hand, at once: the seed that follows may have to wait, and PostgreSQL's disk does not.
 *
 * @throws ExporterFailure `slot-active`
 */
export async function giveUpSlot(
  session: UpstreamSession,
  { observer, maxRetainedBytes }: { readonly observer: PipelineObserver; readonly maxRetainedBytes: number },
): Promise<void> {
  await session.dropSlot();
  observer.slotDropped();
  observer.error(
    `the slot is dropped: it held more of PostgreSQL's log back than REPLICATION_MAX_RETAINED_BYTES (${maxRetainedBytes}); a new seed follows`,
  );
}

function figuresOf({ slot, walEnd }: SlotSight, limit: number) {
  if (slot === null) return null;
  const { confirmed, retained } = slotLag(slot, walEnd);
  return { retained, confirmedLag: confirmed, safe: slot.safeWalBytes, status: slot.walStatus, limit };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
