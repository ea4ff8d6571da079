/**
 * Waits for `work`, but no longer than until the signal aborts; which of the two it was, the signal says. Leaves no
 * listener behind: the signal of a process outlives thousands of sessions (W9).
 *
 * @throws what `work` rejects with before that
 */
export function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', done);
    work.then(done, (error: unknown) => {
      signal.removeEventListener('abort', done);
      reject(error);
    });
  });
}
