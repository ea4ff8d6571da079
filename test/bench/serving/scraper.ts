import { Writable } from 'node:stream';
import type { RecordedState } from '@app/aggregates';
import { createExposition, SelfMetrics } from '@app/metrics';

/** The exposition as the exporter has it, and a client that takes all of an answer. */
export class Scraper {
  readonly #exposition;

  /** @param maxSeries as METRICS_MAX_SERIES_PER_METRIC */
  constructor(maxSeries = 100_000) {
    const selfMetrics = new SelfMetrics({ version: 'bench', revision: '' }, false);
    this.#exposition = createExposition({ disabled: '', maxSeries }, selfMetrics);
  }

  /** Scrapes a state; `take` is given each chunk. @returns the bytes of the answer */
  async scrape(
    state: RecordedState,
    { gzip, take }: { readonly gzip: boolean; readonly take?: (chunk: Buffer) => void },
  ): Promise<number> {
    const answer = await this.#exposition.answer({
      ...{ state, withProcess: true, accept: undefined, acceptEncoding: gzip ? 'gzip' : undefined },
      signal: new AbortController().signal,
    });
    let bytes = 0;
    const client = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        take?.(chunk);
        done();
      },
    });
    if (!(await answer.send(client))) throw new Error('the client did not get all of the answer');
    return bytes;
  }
}
