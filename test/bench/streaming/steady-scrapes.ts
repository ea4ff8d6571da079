import { setTimeout as pause } from 'node:timers/promises';

const ATTEMPTS = 10;

/** Scrapes an exporter with gzip, as Prometheus does, so often and until disposed. */
export class SteadyScrapes implements AsyncDisposable {
  readonly #origin: string;
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  /** Whole answers so far, and those that did not come to an end: a target that misses one is scraped again all the same. */
  answered = 0;
  failed = 0;

  constructor(origin: string, everyMs: number) {
    this.#origin = origin;
    this.#ended = this.#run(everyMs);
  }

  /** Samples of one more answer, the first of a few that comes. */
  async samples(): Promise<number> {
    let text: string | null = null;
    for (let attempt = 1; text === null; attempt += 1) {
      text = await this.#scrape().catch((error: unknown) => {
        if (attempt === ATTEMPTS) throw error;
        return null;
      });
    }
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#ended;
  }

  async #run(everyMs: number): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await pause(everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const whole = await this.#scrape().then(
        () => true,
        () => false,
      );
      if (whole) this.answered += 1;
      else this.failed += 1;
    }
  }

  async #scrape(): Promise<string> {
    const answer = await fetch(`${this.#origin}/metrics`, { headers: { 'accept-encoding': 'gzip' } });
    if (!answer.ok) throw new Error(`GET /metrics: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }
}
