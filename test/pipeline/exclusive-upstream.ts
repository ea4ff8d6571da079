import { setTimeout as pause } from 'node:timers/promises';
import type { UpstreamSession } from '@app/litellm';
import type { FakePostgres } from '../support/fake-postgres.js';
import { type FakeSession, FakeUpstream, type FakeUpstreamOptions } from '../support/fake-upstream.js';

/** The advisory lock of a fake server: it belongs to a session for as long as the server keeps that. */
export class FakeLock {
  #holder: FakeSession | null = null;

  get free(): boolean {
    return this.#holder?.kept !== true;
  }

  /** The session that the server takes for the leader's; null where there is none. */
  get holder(): FakeSession | null {
    return this.free ? null : this.#holder;
  }

  take(session: FakeSession): void {
    this.#holder = session;
  }
}

/** The way to a fake server on which a session waits for the lock, as real ones do. */
export class ExclusiveUpstream extends FakeUpstream {
  constructor(
    server: FakePostgres,
    options: FakeUpstreamOptions,
    private readonly lock: FakeLock,
  ) {
    super(server, options);
  }

  override async connect(signal: AbortSignal, held?: () => void): Promise<UpstreamSession> {
    if (!this.lock.free) held?.();
    while (!this.lock.free) await pause(1, undefined, { signal });
    // In one turn with the look at the lock, as nothing is awaited before the session is there.
    const connected = super.connect(signal);
    if (this.sessions.at(-1)?.kept === true) this.lock.take(this.session);
    return connected;
  }
}
