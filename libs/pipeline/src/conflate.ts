import { Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';

/** How values become batches. */
export interface ConflateOptions<T, B, R> {
  readonly open: () => B;
  readonly add: (batch: B, value: T) => void;
  /** True once the batch should be worked on as soon as there is room. */
  readonly ready: (batch: B) => boolean;
  readonly project: (batch: B) => Observable<R>;
  /** Milliseconds between the starts of two batches, so that what comes in a burst goes out together. */
  readonly spacing: number;
  readonly scheduler: SchedulerLike;
}

/**
 * Works on one batch at a time and merges what comes meanwhile into the next one: order is kept, memory holds two
 * batches at most, and a slow `project` makes batches larger rather than a queue longer.
 */
export function conflate<T, B, R>(options: ConflateOptions<T, B, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let gathering = options.open();
      let working: Subscription | null = null;
      let timer: Subscription | null = null;
      let earliest = 0;
      let completed = false;

      const start = (): void => {
        timer = null;
        const batch = gathering;
        gathering = options.open();
        earliest = options.scheduler.now() + options.spacing;
        let finished = false;
        const running = options.project(batch).subscribe({
          next: (value) => subscriber.next(value),
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            finished = true;
            working = null;
            next();
          },
        });
        if (!finished) working = running;
      };
      const next = (): void => {
        if (working !== null || timer !== null) return;
        if (options.ready(gathering)) {
          const wait = Math.max(0, earliest - options.scheduler.now());
          timer = options.scheduler.schedule(start, wait);
        } else if (completed) subscriber.complete();
      };

      const subscription = source.subscribe({
        next: (value) => {
          options.add(gathering, value);
          next();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          completed = true;
          next();
        },
      });
      return () => {
        subscription.unsubscribe();
        working?.unsubscribe();
        timer?.unsubscribe();
      };
    });
}
