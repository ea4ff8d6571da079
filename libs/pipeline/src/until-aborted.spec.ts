import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { untilAborted } from './until-aborted.js';

describe('waiting until work is done or a signal aborts', () => {
  it('resolves when the work is done', async () => {
    const { signal } = new AbortController();
    await untilAborted(Promise.resolve(1), signal);
    expect(signal.aborted).toBe(false);
  });

  it('resolves when the signal aborts, though the work never ends', async () => {
    const stopping = new AbortController();
    const waiting = untilAborted(new Promise(() => undefined), stopping.signal);
    stopping.abort();
    await waiting;
    await untilAborted(new Promise(() => undefined), stopping.signal);
  });

  it('throws what the work rejects with', async () => {
    const work = Promise.reject(new Error('broken'));
    await expect(untilAborted(work, new AbortController().signal)).rejects.toThrow('broken');
  });

  it('what the work rejects with afterwards troubles nobody', async () => {
    const stopping = new AbortController();
    const waiting = untilAborted(new Promise((_, reject) => setTimeout(reject, 5, new Error('late'))), stopping.signal);
    stopping.abort();
    await waiting;
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('W9: leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    for (let session = 0; session < 50; session++) {
      await untilAborted(Promise.resolve(), signal);
      await untilAborted(Promise.reject(new Error('lost')), signal).catch(() => undefined);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
