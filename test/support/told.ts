import type { SourceSight } from '@app/litellm';
import { PipelineObserver, type SlotFigures } from '@app/pipeline';

/** An observer that remembers what it was told: the method's name, and its arguments. */
export class Told extends PipelineObserver {
  readonly all: (readonly [name: string, ...details: unknown[]])[] = [];

  /** What was said by one method, oldest first. */
  of(name: string): unknown[][] {
    return this.all.filter(([said]) => said === name).map(([, ...details]) => details);
  }

  /** Lines of the log, of all levels. */
  get lines(): string[] {
    return this.all.filter(([name]) => ['info', 'warn', 'error'].includes(name)).map(([, line]) => String(line));
  }

  info(message: string): void {
    this.all.push(['info', message]);
  }

  warn(message: string): void {
    this.all.push(['warn', message]);
  }

  error(message: string): void {
    this.all.push(['error', message]);
  }

  dependency(name: 'postgres' | 'redis', up: boolean): void {
    this.all.push(['dependency', name, up]);
  }

  source(seen: SourceSight | null): void {
    this.all.push(['source', seen]);
  }

  following(): void {
    this.all.push(['following']);
  }

  leader(leading: boolean): void {
    this.all.push(['leader', leading]);
  }

  connected(connected: boolean): void {
    this.all.push(['connected', connected]);
  }

  reconnect(): void {
    this.all.push(['reconnect']);
  }

  seedStarted(reason: string): void {
    this.all.push(['seedStarted', reason]);
  }

  seedProgress(): void {
    this.all.push(['seedProgress']);
  }

  seedFinished(rows: number): void {
    this.all.push(['seedFinished', rows]);
  }

  stored(rows: number): void {
    this.all.push(['stored', rows]);
  }

  storeError(kind: string): void {
    this.all.push(['storeError', kind]);
  }

  fenced(): void {
    this.all.push(['fenced']);
  }

  inFlight(rows: number): void {
    this.all.push(['inFlight', rows]);
  }

  paused(paused: boolean): void {
    this.all.push(['paused', paused]);
  }

  slot(figures: SlotFigures | null): void {
    this.all.push(['slot', figures]);
  }

  slotDropped(): void {
    this.all.push(['slotDropped']);
  }
}
