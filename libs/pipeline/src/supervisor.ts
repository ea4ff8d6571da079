import { setTimeout as pause } from 'node:timers/promises';
import type { AggregateSettings, StateStore } from '@app/aggregates';
import { type Checkpoint, type Epoch, ExporterFailure } from '@app/change';
import type { Upstream, UpstreamSession } from '@app/litellm';
import { interval, type Subscription } from 'rxjs';
import { SeedWanted, StreamConsumer } from './consumer.js';
import type { PipelineObserver } from './observer.js';
import { MESSAGE_PREFIX } from './piece.js';
import { pauseBeforeSeed } from './reseed-pacing.js';
import { retryVerdict } from './retry-policy.js';
import { takeSeed } from './seeding.js';
import { decideStart, type SeedReason } from './start-decision.js';
import { Writer } from './writer.js';

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly upstream: Upstream;
  readonly store: StateStore;
  readonly observer: PipelineObserver;
  readonly settings: AggregateSettings;
  /** Milliseconds between refreshes of the slot's figures. */
  readonly updateInterval: number;
}

const TICK = 1_000;
const HOUR = 3_600_000;

/** Keeps one consumer going: connects, decides by the start table, seeds, streams, and starts again after failures. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #writer: Writer;
  #asked: SeedReason | null = null;
  #seedStarts: number[] = [];
  #attempt = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#writer = new Writer(options.store, options.observer);
  }

  /** Runs until the signal asks to stop; then it has drained and let go of PostgreSQL. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const ticks: Subscription = interval(TICK).subscribe(() => this.#writer.take({ kind: 'tick' }));
    try {
      await this.#untilOpen(signal);
      while (!signal.aborted) {
        try {
          await this.#session(signal);
        } catch (error) {
          if (!signal.aborted) await this.#recover(error, signal);
        }
      }
    } finally {
      ticks.unsubscribe();
      await this.#writer.detach();
    }
  }

  async #untilOpen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#options.store.open();
        return;
      } catch (error) {
        await this.#recover(error, signal);
      }
    }
  }

  async #session(signal: AbortSignal): Promise<void> {
    const { upstream, observer } = this.#options;
    const session = await upstream.connect(signal);
    observer.dependency('postgres', true);
    for (const warning of session.facts.warnings) observer.warn(warning);
    try {
      await this.#writer.rewind();
      const claimed = await this.#claim(session, signal);
      if (claimed === null) return;
      observer.leader(true);
      this.#writer.attach(claimed);
      this.#attempt = 0;
      const { store, updateInterval } = this.#options;
      await new StreamConsumer({ session, store, writer: this.#writer, observer, updateInterval }).run(signal);
    } finally {
      observer.leader(false);
      await session.close();
    }
  }

  /** Decides by the start table and brings state and slot together; null when it was asked to stop or has to wait. */
  async #claim(
    session: UpstreamSession,
    signal: AbortSignal,
  ): Promise<{ epoch: Epoch; checkpoint: Checkpoint } | null> {
    const { store, observer } = this.#options;
    const slot = await session.slot();
    const decision = decideStart({ facts: session.facts, slot, stored: store.checkpoint, asked: this.#asked });
    if (decision.action === 'refuse') {
      throw new ExporterFailure({ kind: 'other-system', message: decision.why, remedy: decision.remedy });
    }
    if (decision.action === 'wait') {
      throw new ExporterFailure({ kind: 'server-in-recovery', message: decision.why });
    }
    if (decision.action === 'seed' && !(await this.#mayStartSeed(signal))) return null;
    const epoch = await this.#newEpoch(session);
    await store.claim(epoch);
    if (decision.action === 'resume') {
      observer.info('the stored state and the slot meet: streaming goes on from the checkpoint');
      return { epoch, checkpoint: store.checkpoint as Checkpoint };
    }
    // The windows of the old state go on while it is served.
    if (store.state !== null && store.checkpoint !== null) {
      this.#writer.attach({ epoch, checkpoint: store.checkpoint });
    }
    const beforeReplace = (): Promise<void> => this.#writer.detach();
    const { reason } = decision;
    const checkpoint = await takeSeed({ ...this.#options, session, epoch, reason, signal, beforeReplace });
    this.#asked = null;
    return { epoch, checkpoint };
  }

  async #mayStartSeed(signal: AbortSignal): Promise<boolean> {
    const now = Date.now();
    const wait = pauseBeforeSeed(this.#seedStarts, now);
    if (wait > 0) {
      this.#options.observer.warn(`a new seed is needed; it starts in ${(wait / 1000).toFixed(0)} s`);
      await sleep(wait, signal);
    }
    this.#seedStarts = [...this.#seedStarts.filter((start) => now - start < HOUR), Date.now()];
    return !signal.aborted;
  }

  async #newEpoch(session: UpstreamSession): Promise<Epoch> {
    const { systemId, timeline } = session.facts.source;
    const position = await session.emitMessage(MESSAGE_PREFIX, `claim ${process.pid}`);
    return { lineage: `${systemId}/${timeline}`, position };
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { observer, store } = this.#options;
    if (signal.aborted) return;
    if (error instanceof SeedWanted) {
      this.#asked = error.reason;
      observer.warn(`${error.message}; the present state is served meanwhile`);
      return;
    }
    this.#attempt += 1;
    observer.reconnect();
    this.#tell(error);
    await this.#mendStore(error);
    const { pause: wait } = retryVerdict(error, this.#attempt);
    observer.info(`trying again in ${(wait / 1000).toFixed(1)} s`);
    await sleep(wait, signal);
    if (store.state === null && store.durability === 'external') await store.open().catch(() => undefined);
  }

  #tell(error: unknown): void {
    const { observer } = this.#options;
    const failure = error instanceof ExporterFailure ? error : null;
    observer.error(failure?.explain() ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)));
    if (failure?.kind === 'fenced') observer.fenced();
    if (failure !== null && !failure.kind.startsWith('store-')) observer.dependency('postgres', false);
  }

  /** A store that went elsewhere is read again: the next start table decides by what it really holds. */
  async #mendStore(error: unknown): Promise<void> {
    if (!(error instanceof ExporterFailure)) return;
    if (!['checkpoint-mismatch', 'fenced', 'store-refused', 'store-format'].includes(error.kind)) return;
    await this.#writer.detach();
    await this.#options.store.open().catch((failure: unknown) => this.#tell(failure));
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => undefined);
}
