import { ExporterFailure } from '@app/change';

/** A seed that ended before it was whole; a new one starts from nothing. */
export function seedInterrupted(why: string, cause?: unknown, remedy?: string): ExporterFailure {
  return new ExporterFailure({ kind: 'seed-interrupted', message: `the seed was interrupted: ${why}`, remedy, cause });
}

/** An error of the one who receives the seed, on its way through the reading of it. */
export class SinkError extends Error {
  constructor(readonly original: unknown) {
    super('the receiver of the seed failed');
    this.name = 'SinkError';
  }
}

/** What a seed throws for an error met on its way: the receiver's own as it is, everything else as an interruption. */
export function seedFailure(error: unknown): unknown {
  if (error instanceof SinkError) return error.original;
  if (error instanceof ExporterFailure) return error;
  return seedInterrupted(error instanceof Error ? error.message : String(error), error);
}
