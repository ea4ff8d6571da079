import { setTimeout as pause } from 'node:timers/promises';
import { isShutdown } from './connection-failure.js';
import type { Reporter } from './options.js';
import { isLockedOut } from './seed-transaction.js';

/** Attempts, a pause apart, against a lock that is in the way, or against connections that break. */
const LOCK_ATTEMPTS = 60;
const CONNECTION_ATTEMPTS = 3;
const PAUSE_MS = 1_000;

/** Waits out what may pass by while a seed reads: the snapshot outlives a lock and a broken connection. */
export class SeedPatience {
  private lockedOut = 0;
  private broken = 0;

  constructor(
    private readonly reporter: Reporter,
    private readonly signal: AbortSignal,
  ) {}

  /** A read went well: earlier troubles count no more. */
  relieved(): void {
    this.lockedOut = 0;
    this.broken = 0;
  }

  /** Resolves when the read is worth another try. @throws the error where it is not. */
  async waitOut(error: unknown): Promise<void> {
    this.signal.throwIfAborted();
    if (isLockedOut(error)) {
      this.lockedOut += 1;
      if (this.lockedOut > LOCK_ATTEMPTS) throw error;
      if (this.lockedOut === 1) this.reporter.warn('the seed waits for a lock on one of LiteLLM’s tables');
    } else {
      if (isServerError(error)) throw error;
      this.broken += 1;
      if (this.broken > CONNECTION_ATTEMPTS) throw error;
    }
    await pause(PAUSE_MS, undefined, { signal: this.signal });
  }
}

/** True where the server has said no to the statement; everything else is the connection, 08… and 57P0… included. */
function isServerError(error: unknown): boolean {
  if (isShutdown(error)) return false;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(?!08)[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code);
}
