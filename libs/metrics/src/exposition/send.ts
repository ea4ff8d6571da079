import type { Writable } from 'node:stream';

/**
 * Writes chunks to a client no faster than it takes them, and ends the answer. A client that has not taken all when
 * the signal fires is cut: it would keep a rendered state in memory (W9).
 *
 * @returns true when everything was handed over, false when the client went away or was cut.
 */
export async function sendChunks(target: Writable, chunks: Iterable<Buffer>, signal: AbortSignal): Promise<boolean> {
  const cut = (): void => {
    target.destroy();
  };
  // A client may go away between two writes, when nobody waits for it; `close` says all there is to know.
  target.on('error', () => undefined);
  if (signal.aborted) cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    for (const chunk of chunks) {
      if (target.destroyed) return false;
      if (!target.write(chunk)) await drainedOrClosed(target);
    }
    if (target.destroyed) return false;
    return await ended(target);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

function drainedOrClosed(target: Writable): Promise<void> {
  if (target.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      target.off('drain', done).off('close', done).off('error', done);
      resolve();
    };
    target.on('drain', done).on('close', done).on('error', done);
  });
}

function ended(target: Writable): Promise<boolean> {
  return new Promise((resolve) => {
    target.once('close', () => resolve(target.writableFinished)).once('error', () => resolve(false));
    target.end(() => resolve(true));
  });
}
