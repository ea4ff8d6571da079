import { setTimeout as pause } from 'node:timers/promises';
import { type AggregateSettings, type StateStore, sameSettings } from '@app/aggregates';
import { ExporterFailure, isFailure, type SlotFacts } from '@app/change';
import type { Upstream, UpstreamSession } from '@app/litellm';
import { interval, type Subscription } from 'rxjs';
import { BrokenSteps } from './broken-step.js';
import { claimStore } from './claiming.js';
import { StreamConsumer } from './consumer.js';
import { Following } from './following.js';
import type { PipelineObserver } from './observer.js';
import { PoisonWatch } from './poison-watch.js';
import { tellUnreached } from './reachability.js';
import { isToBeReadAgain } from './read-store-again.js';
import { pauseBeforeSeed } from './reseed-pacing.js';
import { retryVerdict } from './retry-policy.js';
import { SaidOnce } from './said-once.js';
import { missesRows, SchemaWatch } from './schema-watch.js';
import { lastSeed, OTHER_SETTINGS, SeedPlan } from './seed-plan.js';
import { seedWantedBy } from './seed-wanted.js';
import { takeSeed } from './seeding.js';
import { giveUpSlot, SlotGuard } from './slot-guard.js';
import { decideStart, isSourceOf, type SeedReason, type StartDecision } from './start-decision.js';
import { untilAborted } from './until-aborted.js';
import { Writer, type WriterClaim } from './writer.js';

/** What a supervisor is made of. */
export interface SupervisorOptions {
  readonly upstream: Upstream;
  readonly store: StateStore;
  readonly observer: PipelineObserver;
  readonly settings: AggregateSettings;
  /** Milliseconds between refreshes of the slot's figures. */
  readonly updateInterval: number;
  /** REPLICATION_MAX_RETAINED_BYTES: how far the slot may lag before it is dropped; 0 = off. */
  readonly maxRetainedBytes: number;
  /** How long is waited after a failure, and before a seed; {@link PACING} without it. */
  readonly pacing?: Pacing;
}

/** How long is waited before something is tried again. */
export interface Pacing {
  readonly retry: typeof retryVerdict;
  readonly seed: typeof pauseBeforeSeed;
}

/** A seed that something in the stream has asked for, and of which state: the time of that one's own seed. */
interface AskedSeed {
  readonly reason: SeedReason;
  readonly of: unknown;
}

const PACING: Pacing = { retry: retryVerdict, seed: pauseBeforeSeed };
const TICK = 1_000;
/** Milliseconds after which a stream counts as one that works. */
const STEADY = 30_000;

/** Keeps one consumer going: connects, decides by the start table, seeds, streams, and starts again after failures. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #writer: Writer;
  readonly #pacing: Pacing;
  readonly #poison = new PoisonWatch();
  readonly #broken = new BrokenSteps();
  readonly #guard: SlotGuard;
  readonly #plan: SeedPlan;
  #asked: AskedSeed | null = null;
  #attempt = 0;
  #streams = 0;
  readonly #said: SaidOnce;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#pacing = options.pacing ?? PACING;
    this.#said = new SaidOnce((line) => options.observer.warn(line));
    this.#writer = new Writer(options.store, options.observer);
    this.#plan = new SeedPlan({ settings: options.settings, pace: this.#pacing.seed });
    const { upstream, store, observer, updateInterval: interval, maxRetainedBytes: limit } = options;
    const isOurs = isSourceOf(store);
    this.#guard = new SlotGuard({ watch: upstream.watchSlot(), observer, interval, limit, isOurs });
  }

  /** Runs until the signal asks to stop; then it has drained and let go of PostgreSQL. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const ticks: Subscription = interval(TICK).subscribe(() => this.#writer.take({ kind: 'tick' }));
    const guarding = this.#guard.run(signal);
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
      await guarding;
    }
  }

  async #untilOpen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#options.store.open();
        this.#greetState();
        return;
      } catch (error) {
        await this.#recover(error, signal);
      }
    }
  }

  async #session(signal: AbortSignal): Promise<void> {
    // Nothing of PostgreSQL is held while a step waits for the store (W11).
    await untilAborted(this.#writer.rewind(), signal);
    if (signal.aborted) return;
    const { upstream, observer, store } = this.#options;
    const following = new Following(store, observer);
    const session = await upstream.connect(signal, () => following.tell()).finally(() => following.end());
    try {
      observer.dependency('postgres', true);
      observer.source(session.facts.source);
      this.#said.say(session.facts.warnings);
      // Before the first step: a clock of this process that is ahead would push the windows on, and they never go back.
      this.#writer.setClock((await session.figures()).clock);
      const claimed = await this.#claim(session, signal);
      if (claimed === null) return;
      observer.leader(true);
      this.#writer.attach(claimed);
      this.#guard.refresh();
      await this.#consume(session, signal);
    } finally {
      observer.leader(false);
      await session.close();
    }
  }

  async #consume(session: UpstreamSession, signal: AbortSignal): Promise<void> {
    const { observer } = this.#options;
    const started = Date.now();
    this.#streams += 1;
    if (this.#streams > 1) observer.reconnect();
    const settingsDue = (): boolean => this.#settingsDue();
    const schema = new SchemaWatch(session, this.#said);
    const lookAtSchema = () => schema.look();
    const work = { ...this.#options, session, writer: this.#writer, poison: this.#poison, lookAtSchema, settingsDue };
    try {
      await new StreamConsumer(work).run(signal);
    } finally {
      // A stream that breaks as soon as it is open must not be tried without end at the first, short pause.
      if (Date.now() - started >= STEADY) this.#attempt = 0;
    }
  }

  /** Decides by the start table and brings state and slot together; null when it was asked to stop. */
  async #claim(session: UpstreamSession, signal: AbortSignal): Promise<WriterClaim | null> {
    const { store, observer } = this.#options;
    const slot = await session.slot();
    const first = this.#decide(session, slot);
    // Once the log has grown past the state, nothing would tell any more; and until it has, the claim may be refused.
    if (first.action === 'seed' && first.reason === 'state_ahead_of_server') this.#ask(first.reason);
    await this.#writer.detach();
    const epoch = await claimStore(session, store);
    // Decided once more: the claim has brought in what another writer had stored before it.
    const decision = this.#decide(session, slot);
    const stored = store.checkpoint;
    if (decision.action === 'resume' && stored !== null) {
      observer.info('the stored state and the slot meet: streaming goes on from the checkpoint');
      this.#tellSettings();
      const { source, slot: name } = session.facts;
      return { epoch, checkpoint: { ...stored, source, slot: name } };
    }
    if (stored !== null) this.#serveMeanwhile({ epoch, checkpoint: stored });
    if (decision.action !== 'seed') return null;
    if (decision.reason === 'retained_limit' && slot !== null) await giveUpSlot(session, this.#options);
    if (!(await this.#mayStartSeed(session, signal))) return null;
    const checkpoint = await takeSeed({
      ...this.#options,
      settings: this.#plan.settings(store.state, this.#writer.clock),
      session,
      epoch,
      signal,
      reason: decision.reason,
      beforeReplace: () => this.#writer.detach(),
      reading: (time) => this.#plan.begin(time),
    });
    this.#plan.done();
    this.#asked = null;
    return { epoch, checkpoint };
  }

  /** The old state is served until the new one is whole: its windows go on, and it says that it follows no changes. */
  #serveMeanwhile(claim: WriterClaim): void {
    if (this.#options.store.state === null) return;
    this.#writer.attach(claim);
    this.#writer.take({ kind: 'figures', figures: { state_stale: 1 } });
  }

  /** @throws ExporterFailure `other-system` or `server-in-recovery` where neither seed nor stream is allowed. */
  #decide(session: UpstreamSession, slot: SlotFacts | null): StartDecision {
    const stored = this.#options.store.checkpoint;
    // What was asked of a state that another process has made anew meanwhile is asked no more.
    if (this.#asked !== null && this.#asked.of !== lastSeed(this.#options.store)) this.#asked = null;
    const asked = this.#asked?.reason ?? null;
    const settingsDue = this.#settingsDue();
    const { gaveUp } = this.#guard;
    const limit = this.#options.maxRetainedBytes;
    const seededSchema = (this.#options.store.state?.figure('schema_at_seed') as string | undefined) ?? null;
    const { facts } = session;
    const decision = decideStart({ facts, slot, stored, seededSchema, asked, settingsDue, limit, gaveUp });
    if (decision.action === 'refuse') {
      throw new ExporterFailure({ kind: 'other-system', message: decision.why, remedy: decision.remedy });
    }
    if (decision.action === 'wait') {
      throw new ExporterFailure({ kind: 'server-in-recovery', message: decision.why });
    }
    return decision;
  }

  #greetState(): void {
    const { observer, settings, store } = this.#options;
    if (store.durability === 'external') observer.dependency('redis', true);
    if (store.state === null || sameSettings(store.state.settings, settings)) return;
    observer.info(`${OTHER_SETTINGS}; it is served as it is until this process consumes the slot`);
  }

  #settingsDue(): boolean {
    return this.#plan.pauseBeforeOwnSettings(this.#options.store.state, this.#writer.clock) === 0;
  }

  /** Says that a state goes on under other settings than this process was told, and until when. */
  #tellSettings(): void {
    const wait = this.#plan.pauseBeforeOwnSettings(this.#options.store.state, this.#writer.clock);
    if (wait === null) return;
    this.#options.observer.warn(
      `${OTHER_SETTINGS}; it goes on under them, and is seeded anew under those of this process in ${(wait / 1000).toFixed(0)} s`,
    );
  }

  async #mayStartSeed(session: UpstreamSession, signal: AbortSignal): Promise<boolean> {
    const wait = this.#plan.pause(this.#options.store.state, this.#writer.clock);
    if (wait > 0) {
      this.#options.observer.warn(`a new seed is needed; it starts in ${(wait / 1000).toFixed(0)} s`);
      const waiting = new AbortController();
      const over = sleep(wait, AbortSignal.any([signal, waiting.signal])).then(() => null);
      const lost = await Promise.race([over, session.lost]);
      waiting.abort();
      if (lost !== null) throw lost;
    }
    return !signal.aborted;
  }

  #ask(reason: SeedReason): void {
    this.#asked = { reason, of: lastSeed(this.#options.store) };
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { observer, store } = this.#options;
    if (signal.aborted) return;
    const wanted = seedWantedBy(error) ?? this.#broken.wayOut(error);
    if (wanted !== error) this.#tell(error);
    if (wanted !== null) {
      this.#ask(wanted.reason);
      observer.warn(`${wanted.message}; the present state is served meanwhile`);
      return;
    }
    if (missesRows(error)) this.#ask('schema_changed');
    if (isFailure(error, 'server-behind')) this.#ask('state_ahead_of_server');
    // A state that outlives this process is read again instead.
    if (isFailure(error, 'store-broken') && store.durability === 'process') this.#ask('step_broken');
    this.#attempt += 1;
    await this.#mendStore(error);
    const { pause: wait } = this.#pacing.retry(error, this.#attempt);
    observer.info(`trying again in ${(wait / 1000).toFixed(1)} s`);
    await sleep(wait, signal);
    if (store.state === null && store.durability === 'external') await store.open().catch(() => undefined);
  }

  #tell(error: unknown): void {
    const { observer } = this.#options;
    const failure = error instanceof ExporterFailure ? error : null;
    observer.error(failure?.explain() ?? (error instanceof Error ? (error.stack ?? error.message) : String(error)));
    if (failure?.kind === 'fenced') observer.fenced();
    if (failure?.kind === 'store-broken') observer.storeError(failure.kind);
    if (failure !== null) tellUnreached(failure.kind, observer);
  }

  async #mendStore(error: unknown): Promise<void> {
    if (!(await isToBeReadAgain(this.#options.store, error))) return;
    await this.#writer.detach();
    await this.#options.store.open().catch((failure: unknown) => this.#tell(failure));
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => undefined);
}
