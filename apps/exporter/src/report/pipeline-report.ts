import type { SeedProgress, SourceSight } from '@app/litellm';
import type { SelfMetrics } from '@app/metrics';
import { PipelineObserver, type SlotFigures } from '@app/pipeline';
import type { ExporterLogger } from './exporter-logger.js';
import { HeapGrowth } from './heap-growth.js';
import type { StatusBoard } from './status-board.js';

const CONTEXT = 'pipeline';
const PROGRESS_EVERY = 5_000;

/** Tells what the pipeline does to the log, to the self-metrics and to the status page, and V8 how large the heap may become with it. */
export class PipelineReport extends PipelineObserver {
  readonly #log: ExporterLogger;
  readonly #metrics: SelfMetrics;
  readonly #board: StatusBoard;
  readonly #heap = new HeapGrowth();
  #progressSaidAt = 0;
  /** The failure that was logged last, until something succeeds. */
  #lastFailure: string | null = null;

  constructor(log: ExporterLogger, metrics: SelfMetrics, board: StatusBoard) {
    super();
    this.#log = log;
    this.#metrics = metrics;
    this.#board = board;
  }

  info(message: string): void {
    this.#log.log(message, CONTEXT);
  }

  warn(message: string): void {
    this.#log.warn(message, CONTEXT);
  }

  /** The same failure attempt after attempt is logged whole once, and by its first line from then on. */
  error(message: string): void {
    const said = message === this.#lastFailure ? `still: ${message.split('\n', 1)[0]}` : message;
    this.#lastFailure = message;
    this.#log.error(said, undefined, CONTEXT);
    this.#board.fail(withoutStack(message));
  }

  dependency(name: 'postgres' | 'redis', up: boolean): void {
    this.#metrics.dependency(name, up);
  }

  source(seen: SourceSight | null): void {
    this.#board.source(seen);
  }

  following(): void {
    this.#heap.settled();
    this.#lastFailure = null;
    this.#board.enter('following');
  }

  leader(leading: boolean): void {
    this.#metrics.leader(leading);
  }

  connected(connected: boolean): void {
    this.#metrics.connected(connected);
    this.#board.enter(connected ? 'streaming' : 'waiting');
    if (!connected) return;
    this.#heap.settled();
    this.#lastFailure = null;
    this.#metrics.seedProgress(1);
    this.info('streaming');
  }

  reconnect(): void {
    this.#metrics.reconnect();
  }

  seedStarted(reason: string): void {
    this.#heap.seedStarted();
    this.#lastFailure = null;
    this.#board.seeding(reason);
    this.#metrics.seedProgress(0);
    this.info(`seeding (${reason}): one consistent snapshot, then the stream from there`);
  }

  seedProgress(progress: SeedProgress): void {
    this.#board.progress(progress);
    this.#metrics.seedProgress(progress.share);
    const now = Date.now();
    if (now - this.#progressSaidAt < PROGRESS_EVERY) return;
    this.#progressSaidAt = now;
    const left = progress.etaSeconds === null ? '' : `, about ${Math.ceil(progress.etaSeconds)} s left`;
    this.info(`seeding: ${progress.rows} rows, ${(100 * progress.share).toFixed(1)} %${left}`);
  }

  seedFinished(rows: number, seconds: number): void {
    this.#metrics.seedProgress(1);
    this.#metrics.ready(true);
    this.info(`seeded ${rows} rows in ${seconds.toFixed(1)} s`);
  }

  stored(rows: number, seconds: number): void {
    this.#metrics.stored(rows, seconds);
    this.#heap.stepStored();
  }

  storeError(kind: string): void {
    this.#metrics.storeError(kind);
  }

  fenced(): void {
    this.#metrics.fenced();
  }

  inFlight(rows: number): void {
    this.#metrics.inFlight(rows);
  }

  paused(paused: boolean): void {
    this.#metrics.paused(paused);
  }

  slot(figures: SlotFigures | null): void {
    this.#metrics.slot(figures);
    this.#board.slot(figures);
  }

  slotDropped(): void {
    this.#metrics.slotDropped();
  }
}

/** Anybody may read the status page: where in the program something went wrong is for the log. */
function withoutStack(message: string): string {
  return message
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .join('\n');
}
