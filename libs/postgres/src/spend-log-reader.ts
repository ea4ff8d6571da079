import type { SeedProgress, SeedSink } from '@app/litellm';
import { SinkError, seedInterrupted } from './seed-failure.js';
import { KnownTraits, type TakeRow } from './seed-lines.js';
import type { SeedPatience } from './seed-patience.js';
import {
  afterLoss,
  afterSlice,
  etaSeconds,
  nextSlice,
  planSlices,
  type Slice,
  type SlicePlan,
  shareOf,
} from './seed-slices.js';
import { readBounds, readSlice, type SliceControls, type SliceResult, type SpendLogSource } from './seed-spend-logs.js';
import { isTooSlow, type SeedView } from './seed-transaction.js';

/** Reads the spend logs of a seed, slice by slice. */
export class SpendLogReader {
  private rows = 0;
  private readonly began = performance.now();
  private readonly known = new KnownTraits();

  constructor(
    private readonly view: () => Promise<SeedView>,
    private readonly source: SpendLogSource,
    private readonly sink: SeedSink,
    private readonly controls: SliceControls & { readonly patience: SeedPatience },
  ) {}

  private readonly hand: TakeRow = (traits, measures) => {
    try {
      this.sink.row(traits, measures);
    } catch (error) {
      throw new SinkError(error);
    }
  };

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
    const slice = nextSlice(plan);
    let result: SliceResult;
    const began = performance.now();
    try {
      result = await readSlice(await this.view(), this.source, slice, {
        ...this.controls,
        known: this.known,
        row: this.hand,
      });
    } catch (error) {
      if (error instanceof SinkError) throw error;
      handOver(() => this.sink.sliceLost());
      return this.afterTrouble(plan, slice, error);
    }
    if (!result.sameTable) {
      handOver(() => this.sink.sliceLost());
      throw seedInterrupted('another table bears the name of the spend logs by now');
    }
    this.controls.patience.relieved();
    this.rows += result.rows;
    const next = afterSlice(plan, slice, result, performance.now() - began);
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
            `${this.indexStatement}; LiteLLM makes that index itself, and it is not there`,
          );
        }
        await this.controls.patience.waitOut(error);
      }
    }
  }

  private async afterTrouble(plan: SlicePlan, slice: Slice, error: unknown): Promise<SlicePlan> {
    if (!isTooSlow(error)) {
      await this.controls.patience.waitOut(error);
      return plan;
    }
    const next = afterLoss(plan, slice);
    if (next !== null) return next;
    throw seedInterrupted(
      'the next rows of "LiteLLM_SpendLogs" in the order of "startTime" take longer than 5 s to read, however few are asked for',
      error,
      `${this.indexStatement} where LiteLLM's own index is not there; where it is, too many rows began at one moment`,
    );
  }

  private get indexStatement(): string {
    return `CREATE INDEX CONCURRENTLY ON "${this.source.schema}"."LiteLLM_SpendLogs" ("startTime")`;
  }
}

function handOver(hand: () => void): void {
  try {
    hand();
  } catch (error) {
    throw new SinkError(error);
  }
}
