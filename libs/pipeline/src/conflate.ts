import { Observable, type OperatorFunction, type SchedulerLike, type Subscriber, Subscription } from 'rxjs';

/** How values become batches. */
export interface ConflateOptions<T, B, R> {
  readonly open: () => B;
  readonly add: (batch: B, value: T) => void;
  /** True once the batch should be worked on as soon as there is room. */
  readonly ready: (batch: B) => boolean;
  readonly project: (batch: B) => Observable<R>;
  /** Milliseconds from the start of this batch to that of the next, so that what comes in a burst goes out together. */
  readonly spacing: (batch: B) => number;
  /** True once a batch that is ready is as large as batches should be: it does not wait out the spacing. */
  readonly full: (batch: B) => boolean;
  readonly scheduler: SchedulerLike;
}

/**
 * Works on one batch at a time and merges what comes meanwhile into the next one: order is kept, memory holds two
 * batches at most, and a slow `project` makes batches larger rather than a queue longer. A batch that is not ready when
 * the source completes is not worked on. What one of the options throws fails the whole.
 */
export function conflate<T, B, R>(options: ConflateOptions<T, B, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      const conflating = new Conflating(options, subscriber);
      const subscription = source.subscribe({
        next: (value) => conflating.take(value),
        error: (error: unknown) => subscriber.error(error),
        complete: () => conflating.complete(),
      });
      return () => {
        subscription.unsubscribe();
        conflating.unsubscribe();
      };
    });
}

class Conflating<T, B, R> {
  readonly #options: ConflateOptions<T, B, R>;
  readonly #out: Subscriber<R>;
  #gathering: B;
  #working: Subscription | null = null;
  #timer: Subscription | null = null;
  /** True where the timer waits out the spacing. */
  #waits = false;
  #earliest = 0;
  #completed = false;

  constructor(options: ConflateOptions<T, B, R>, out: Subscriber<R>) {
    this.#options = options;
    this.#out = out;
    this.#gathering = options.open();
  }

  take(value: T): void {
    this.#attempt(() => {
      this.#options.add(this.#gathering, value);
      this.#next();
    });
  }

  complete(): void {
    this.#completed = true;
    this.#attempt(() => this.#next());
  }

  unsubscribe(): void {
    this.#working?.unsubscribe();
    this.#timer?.unsubscribe();
  }

  /** An observer that throws would end the process: its error goes down the stream instead. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#out.error(error);
    }
  }

  #next(): void {
    if (this.#working !== null || (this.#timer !== null && !this.#waits)) return;
    const { ready, full, scheduler } = this.#options;
    if (ready(this.#gathering)) {
      const spacing = Math.max(0, this.#earliest - scheduler.now());
      const wait = full(this.#gathering) ? 0 : spacing;
      if (this.#timer !== null && wait > 0) return;
      this.#timer?.unsubscribe();
      this.#waits = wait > 0;
      this.#timer = scheduler.schedule(() => this.#attempt(() => this.#start()), wait);
    } else if (this.#completed) this.#out.complete();
  }

  #start(): void {
    const { open, project, scheduler, spacing } = this.#options;
    this.#timer = null;
    const batch = this.#gathering;
    this.#gathering = open();
    this.#earliest = scheduler.now() + spacing(batch);
    const working = new Subscription();
    this.#working = working;
    const running = project(batch).subscribe({
      next: (value) => this.#out.next(value),
      error: (error: unknown) => this.#out.error(error),
      complete: () => {
        this.#working = null;
        this.#attempt(() => this.#next());
      },
    });
    working.add(running);
  }
}
