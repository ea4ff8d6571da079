/** How often the server is told that we live, and how long it may be silent. */
export interface Liveness {
  /** Milliseconds between status replies. */
  readonly statusEveryMs: number;
  /** Ticks of that timer without a byte from the server after which the connection counts as dead. */
  readonly quietTicks: number;
}

/** Where wal_sender_timeout is 0 (off) the server never ends a silent connection; we still want to notice a dead one. */
const NOMINAL_TIMEOUT_MS = 30_000;

const SHORTEST_PERIOD_MS = 100;

/**
 * A status reply at a third of `wal_sender_timeout`, dead after twice that timeout without a byte. Silence is counted in
 * ticks and not in time: a process that was stopped for a minute has ticked once, and reads before it ticks again.
 */
export function livenessOf(walSenderTimeoutMs: number): Liveness {
  const timeout = walSenderTimeoutMs > 0 ? walSenderTimeoutMs : NOMINAL_TIMEOUT_MS;
  const statusEveryMs = Math.max(SHORTEST_PERIOD_MS, Math.floor(timeout / 3));
  return { statusEveryMs, quietTicks: Math.ceil((2 * timeout) / statusEveryMs) };
}
