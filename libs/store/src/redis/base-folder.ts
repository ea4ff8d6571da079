import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AggregateSettings, type StateRecord, slicesOf } from '@app/aggregates';
import { type Epoch, isFailure } from '@app/change';
import type { Claim } from '../claim.js';
import { SILENT_LOG, type StoreLog } from '../store-log.js';
import { BaseChanges } from './base-changes.js';
import { BaseIndex, type WindowEdges } from './base-index.js';
import { windowEdges } from './base-reader.js';
import type { BaseWriter, WritingRun } from './base-writer.js';
import type { RedisTuning } from './redis-store-options.js';
import type { LogEntry } from './step-log.js';
import { StepRetention } from './step-retention.js';

/** Fields that are gathered before they are written: what is touched again among them is written once. */
const PORTION = 20_000;

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
  #pending: { readonly records: readonly StateRecord[]; readonly bytes: number }[] = [];
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
  add(entry: Pick<LogEntry, 'records' | 'bytes' | 'parts'>): void {
    const { records, bytes } = entry;
    const { version } = records.at(-1) as StateRecord;
    this.#retention.add(entry, version, performance.now());
    this.#lastVersion = version;
    this.#pending.push({ records, bytes });
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
    const { writer, epoch, claim, generation, settings } = this.#parts;
    const folded = this.#pending.slice();
    const records = folded.flatMap((entry) => entry.records);
    const { version, clock } = records.at(-1) as StateRecord;
    const run = writer.begin(epoch, claim, generation);
    await this.#writeAll(run, records, windowEdges(settings, clock));
    await this.#advance(run, { version, clock }, performance.now());
    this.#pending = this.#pending.slice(folded.length);
    this.#pendingBytes = this.#pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** In portions, so that neither memory nor the time that this process is busy depends on the size of a step. */
  async #writeAll(run: WritingRun, records: readonly StateRecord[], edges: WindowEdges): Promise<void> {
    const { sliceItems } = this.#parts.tuning;
    let changes = new BaseChanges();
    for (const record of records) {
      for (const slice of slicesOf(record, sliceItems)) {
        changes.add(slice);
        await nextTurn();
        if (changes.size < PORTION) continue;
        await this.#write(run, changes, edges);
        changes = new BaseChanges();
      }
    }
    await this.#write(run, changes, edges);
  }

  async #write(run: WritingRun, changes: BaseChanges, edges: WindowEdges): Promise<void> {
    this.#expire(changes, edges);
    await this.#parts.writer.write(run, changes, this.#parts.index);
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
  #expire(changes: BaseChanges, edges: WindowEdges): void {
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
