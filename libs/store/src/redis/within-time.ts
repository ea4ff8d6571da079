/** Nothing was answered in time. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';

  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/**
 * Waits for an answer, but not for ever. A timer that comes late says that this process was busy, not that the server
 * was silent: the answer may lie unread in the socket, so it is given its time once more.
 *
 * @throws Unanswered
 */
export async function withinTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const wait = (): void => {
      const due = performance.now() + milliseconds;
      timer = setTimeout(() => {
        if (performance.now() - due > milliseconds / 4) wait();
        else reject(new Unanswered(milliseconds));
      }, milliseconds);
    };
    wait();
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
