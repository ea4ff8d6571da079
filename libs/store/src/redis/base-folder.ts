import type { AggregateSettings, StateRecord } from '@app/aggregates';
import { type Epoch, isFailure } from '@app/change';
import type { Claim } from '../claim.js';
import { SILENT_LOG, type StoreLog } from '../store-log.js';
import { BaseChanges } from './base-changes.js';
import { BaseIndex } from './base-index.js';
import { windowEdges } from './base-reader.js';
import type { BaseWriter, WritingRun } from './base-writer.js';
import type { RedisTuning } from './redis-store-options.js';
import type { LogEntry } from './step-log.js';
import { StepRetention } from './step-retention.js';

/** A version, and the clock of the state at it. */
export interface BaseVersion {
  readonly version: number;
  readonly clock: number;
}

/** What a folder works on. */
export interface FolderParts {
  readonly writer: BaseWriter;
  readonly epoch: Epoch;
  readonly claim: Claim;
  readonly generation: string;
  /** The base's members as they are stored. */
  readonly index: BaseIndex;
  /** What the base holds everything up to. */
  readonly base: BaseVersion;
  /** Staged parts of entries that the base holds already, to be deleted with them. */
  readonly foldedParts?: readonly string[];
  readonly settings: AggregateSettings;
  readonly tuning: RedisTuning;
  readonly log?: StoreLog | undefined;
}

/**
 * Folds the log of one generation into its base in the background, so that neither grows beyond what it describes. A
 * fold that fails has changed nothing that a reader would miss, and is repeated with what has come since.
 */
export class BaseFolder {
  readonly generation: string;
  readonly #parts: FolderParts;
  readonly #log: StoreLog;
  readonly #retention: StepRetention;
  #base: BaseVersion;
  /** The connection on which the base was last seen to be of that version. */
  #advancedOn: number | null = null;
  #pending: { readonly record: StateRecord; readonly bytes: number }[] = [];
  #pendingBytes = 0;
  #lastVersion: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  #failing = false;

  constructor(parts: FolderParts) {
    this.#parts = parts;
    this.#log = parts.log ?? SILENT_LOG;
    this.generation = parts.generation;
    this.#base = parts.base;
    this.#lastVersion = parts.base.version;
    this.#retention = new StepRetention(parts.tuning);
    this.#retention.add({ bytes: 0, parts: parts.foldedParts ?? [] }, parts.base.version, performance.now());
  }

  /** The last version it knows of. */
  get lastVersion(): number {
    return this.#lastVersion;
  }

  /** Takes the next stored step in. */
  add(entry: Pick<LogEntry, 'record' | 'bytes' | 'parts'>): void {
    const { record, bytes } = entry;
    this.#retention.add(entry, record.version, performance.now());
    this.#lastVersion = record.version;
    this.#pending.push({ record, bytes });
    this.#pendingBytes += bytes;
    if (this.#pendingBytes >= this.#parts.tuning.foldBytes) void this.fold();
    else this.#schedule();
  }

  /** Waits while more log is unfolded than there should be. */
  async relieve(): Promise<void> {
    if (this.#pendingBytes >= this.#parts.tuning.foldBytesLimit) await this.fold();
  }

  /** Folds what is pending now, after the fold that runs; never rejects. */
  async fold(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    if (this.#stopped || this.#pending.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#attempt();
    await this.#running;
  }

  /**
   * Gives back what the log keeps for readers that are behind, also where memory is full: they will read the base anew.
   *
   * @returns false where that can't be done: nothing has been folded on the present connection, so that a server that
   * went back meanwhile may hold an older base than is known here.
   */
  async shed(): Promise<boolean> {
    while (this.#running !== undefined) await this.#running;
    if (this.#stopped || this.#advancedOn === null) return false;
    const { writer, epoch, claim, generation } = this.#parts;
    const run = { ...writer.begin(epoch, claim, generation), lifetime: this.#advancedOn };
    try {
      await this.#advance(run, this.#base, Number.POSITIVE_INFINITY);
      return true;
    } catch (error) {
      this.#log.debug(`the log could not be trimmed: ${String(error)}`);
      return false;
    }
  }

  /** Ends the folding; resolves when nothing of it is on its way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #attempt(): Promise<void> {
    try {
      await this.#fold();
      this.#failing = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (isFailure(error, 'fenced')) this.#stopped = true;
      else if (!this.#failing)
        this.#log.warn(`the log of steps could not be folded, it will be tried again: ${reason}`);
      this.#failing = true;
    } finally {
      this.#running = undefined;
      if (this.#pending.length > 0) this.#schedule();
    }
  }

  async #fold(): Promise<void> {
    const { writer, epoch, claim, generation, index, settings } = this.#parts;
    const folded = this.#pending.slice();
    const changes = new BaseChanges();
    for (const { record } of folded) changes.add(record);
    const last = (folded.at(-1) as (typeof folded)[number]).record;
    this.#expire(changes, windowEdges(settings, last.clock));
    const run = writer.begin(epoch, claim, generation);
    await writer.write(run, changes, index);
    await this.#advance(run, { version: last.version, clock: last.clock }, performance.now());
    this.#pending = this.#pending.slice(folded.length);
    this.#pendingBytes = this.#pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Says what the base holds, and trims the entries that at this time nobody needs any more. */
  async #advance(run: WritingRun, base: BaseVersion, now: number): Promise<void> {
    const trim = this.#retention.trim(base.version, now);
    await this.#parts.writer.advance(run, base, trim);
    this.#base = base;
    this.#advancedOn = run.lifetime;
    this.#retention.forget(trim.keep);
  }

  /** Deletes the buckets that have left their window, and does not write into them either. */
  #expire(changes: BaseChanges, edges: ReturnType<typeof windowEdges>): void {
    const { index } = this.#parts;
    for (const member of new BaseIndex(changes.fields.keys()).expired(edges)) changes.remove(member);
    for (const member of index.expired(edges)) changes.remove(member);
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.fold();
    }, this.#parts.tuning.foldInterval);
    this.#timer.unref();
  }
}
