import { type RecordedState, StateStore } from '@app/aggregates';
import { isFailure } from '@app/change';
import { Exposition, SelfMetrics } from '@app/metrics';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';

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

/** Answers scrapes from the state, with no query. */
@Injectable()
export class MetricsEndpoint {
  readonly #store: StateStore;
  readonly #exposition: Exposition;
  readonly #metrics: SelfMetrics;

  constructor(store: StateStore, exposition: Exposition, metrics: SelfMetrics) {
    this.#store = store;
    this.#exposition = exposition;
    this.#metrics = metrics;
  }

  /** Writes the whole answer, or cuts the connection when the scraper's time is up. */
  async answer(request: Request, response: Response): Promise<void> {
    const gone = new AbortController();
    const limit = setTimeout(
      () => gone.abort(new Error('the scrape took too long')),
      answerTimeout(request.header('X-Prometheus-Scrape-Timeout-Seconds')),
    );
    response.once('close', () => gone.abort(new Error('the scraper has gone')));
    try {
      const answer = await this.#exposition.answer({
        state: await this.#current(),
        withProcess: true,
        accept: request.header('accept'),
        acceptEncoding: request.header('accept-encoding'),
        signal: gone.signal,
      });
      response.status(200).set(answer.headers);
      if (!(await answer.send(response))) response.destroy();
    } catch (error) {
      if (!gone.signal.aborted) throw error;
      response.destroy();
    } finally {
      clearTimeout(limit);
    }
  }

  /** The newest state there is; null shows the process alone when the store can't be asked, or nothing is seeded (W6, W7). */
  async #current(): Promise<RecordedState | null> {
    try {
      await this.#store.refresh();
    } catch (error) {
      if (!isFailure(error, 'store-unavailable')) throw error;
      this.#metrics.dependency('redis', false);
      this.#tellAge();
      return null;
    }
    this.#tellAge();
    return this.#store.state;
  }

  /** The age grows while the store can't be asked, too: that is what the alert on stale state looks at. */
  #tellAge(): void {
    const { state } = this.#store;
    if (state === null) return;
    this.#metrics.ready(true);
    this.#metrics.stateAge(Math.max(0, (Date.now() - state.clock) / 1000));
  }
}
