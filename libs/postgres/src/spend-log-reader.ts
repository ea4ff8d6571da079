import { setTimeout as pause } from 'node:timers/promises';
import type { SeedProgress, SeedSink, SpendFact } from '@app/litellm';
import { isShutdown } from './connection-failure.js';
import { SinkError, seedInterrupted } from './seed-failure.js';
import { afterLoss, afterSlice, etaSeconds, nextSlice, planSlices, type SlicePlan, shareOf } from './seed-slices.js';
import { readBounds, readSlice, type SliceControls, type SliceResult, type SpendLogSource } from './seed-spend-logs.js';
import { isLockedOut, isTooSlow, type SeedView } from './seed-transaction.js';

/** Attempts, a pause apart, against a lock that is in the way, or against connections that break. */
const LOCK_ATTEMPTS = 60;
const CONNECTION_ATTEMPTS = 3;
const PAUSE_MS = 1_000;

/** Reads the spend logs of a seed, slice by slice. */
export class SpendLogReader {
  private rows = 0;
  private lockedOut = 0;
  private broken = 0;
  private readonly began = performance.now();

  constructor(
    private readonly view: () => Promise<SeedView>,
    private readonly source: SpendLogSource,
    private readonly sink: SeedSink,
    private readonly controls: SliceControls,
  ) {}

  /** Hands over everything that started at `since` or later; gives the startTime of the oldest row of all. */
  async read(since: number): Promise<number | null> {
    const { oldest, newest } = await this.bounds();
    const start = Math.max(Math.floor(since), oldest ?? Math.floor(since));
    let plan = planSlices(start, newest ?? start);
    while (!plan.done) {
      this.controls.signal.throwIfAborted();
      plan = await this.step(plan, start);
    }
    return oldest;
  }

  /** The plan after one slice, be it read or lost. */
  private async step(plan: SlicePlan, start: number): Promise<SlicePlan> {
    const began = performance.now();
    let result: SliceResult;
    try {
      result = await readSlice(await this.view(), this.source, nextSlice(plan), {
        ...this.controls,
        facts: (rows: readonly SpendFact[]) => handOver(() => this.sink.facts(rows)),
      });
    } catch (error) {
      if (error instanceof SinkError) throw error;
      handOver(() => this.sink.sliceLost());
      return this.afterTrouble(plan, error);
    }
    if (!result.sameTable) {
      handOver(() => this.sink.sliceLost());
      throw seedInterrupted('another table bears the name of the spend logs by now');
    }
    this.lockedOut = 0;
    this.broken = 0;
    this.rows += result.rows;
    const next = afterSlice(plan, performance.now() - began);
    handOver(() => this.tell(result, this.progress(next, start)));
    return next;
  }

  private tell(result: SliceResult, progress: SeedProgress): void {
    for (const [reason, rows] of result.rejections) this.sink.rejected(reason, rows);
    this.sink.sliceDone(progress);
  }

  private progress(plan: SlicePlan, start: number): SeedProgress {
    const share = shareOf(plan, start);
    return { rows: this.rows, share, etaSeconds: etaSeconds(share, performance.now() - this.began) };
  }

  private async bounds(): Promise<{ oldest: number | null; newest: number | null }> {
    for (;;) {
      try {
        return await readBounds(await this.view(), this.source);
      } catch (error) {
        if (isTooSlow(error)) {
          throw seedInterrupted(
            'oldest and newest "startTime" of "LiteLLM_SpendLogs" can’t be found in time',
            error,
            `CREATE INDEX CONCURRENTLY ON "${this.source.schema}"."LiteLLM_SpendLogs" ("startTime"); LiteLLM makes that index itself, and it is not there`,
          );
        }
        await this.waitOut(error);
      }
    }
  }

  private async afterTrouble(plan: SlicePlan, error: unknown): Promise<SlicePlan> {
    if (!isTooSlow(error)) {
      await this.waitOut(error);
      return plan;
    }
    const next = afterLoss(plan);
    if (next === null) throw seedInterrupted('the rows of one millisecond take longer than 5 s to read', error);
    return next;
  }

  /** Waits after a trouble that may pass by; the snapshot outlives it. @throws the error when it did not pass. */
  private async waitOut(error: unknown): Promise<void> {
    this.controls.signal.throwIfAborted();
    if (isLockedOut(error)) {
      this.lockedOut += 1;
      if (this.lockedOut > LOCK_ATTEMPTS) throw error;
    } else {
      if (isServerError(error)) throw error;
      this.broken += 1;
      if (this.broken > CONNECTION_ATTEMPTS) throw error;
    }
    await pause(PAUSE_MS, undefined, { signal: this.controls.signal });
  }
}

/** True where the server has said no to the statement; everything else is the connection, 08… and 57P0… included. */
function isServerError(error: unknown): boolean {
  if (isShutdown(error)) return false;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(?!08)[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code);
}

function handOver(hand: () => void): void {
  try {
    hand();
  } catch (error) {
    throw new SinkError(error);
  }
}
