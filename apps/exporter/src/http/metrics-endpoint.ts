import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exposition } from '@app/metrics';
import { Injectable, Logger } from '@nestjs/common';
import { NewestState } from './newest-state.js';

/** Seconds that a scraper gets when it does not say how long it waits. */
const PATIENCE = 60;
/** Seconds kept back from the scraper's own limit, for the way there and back. */
const MARGIN = 0.5;

/** How long an answer may take in milliseconds, by the scraper's header (sql_exporter and blackbox_exporter do so too). */
export function answerTimeout(header: string | undefined): number {
  const seconds = Number(header);
  if (header === undefined || !(seconds > 0)) return PATIENCE * 1000;
  return 1000 * Math.max(MARGIN, Math.min(seconds, PATIENCE) - MARGIN);
}

/** What an answer shows: facts of the state, which are equal on all replicas, and facts of this process. */
export interface Shown {
  readonly state: boolean;
  readonly process: boolean;
}

/** Answers scrapes from the state, with no query. */
@Injectable()
export class MetricsEndpoint {
  readonly #log = new Logger('metrics');
  readonly #newest: NewestState;
  readonly #exposition: Exposition;

  constructor(newest: NewestState, exposition: Exposition) {
    this.#newest = newest;
    this.#exposition = exposition;
  }

  /** Writes the whole answer, or cuts the connection when the scraper's time is up. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse, shown: Shown): Promise<void> {
    const { headers } = request;
    const gone = new AbortController();
    const limit = setTimeout(
      () => gone.abort(new Error('the scrape took too long')),
      answerTimeout(headers['x-prometheus-scrape-timeout-seconds']?.toString()),
    );
    response.once('close', () => gone.abort(new Error('the scraper has gone')));
    try {
      // Facts of the process tell how old the state is that it has; they are told whether the store answers or not.
      if (!shown.state) await this.#newest.look();
      const answer = await this.#exposition.answer({
        state: shown.state ? await this.#newest.read() : null,
        withProcess: shown.process,
        accept: headers.accept,
        acceptEncoding: headers['accept-encoding']?.toString(),
        signal: gone.signal,
      });
      response.writeHead(200, answer.headers);
      if (!(await answer.send(response))) response.destroy();
    } catch (error) {
      if (gone.signal.aborted || response.headersSent) response.destroy();
      else this.#fail(error, response);
    } finally {
      clearTimeout(limit);
    }
  }

  /** What went wrong is for the log: anybody may scrape. */
  #fail(error: unknown, response: ServerResponse): void {
    this.#log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    response
      .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
      .end('no answer could be made; the log says why\n');
  }
}
