import type { SlotDrop, SlotSight, SlotWatch } from '@app/litellm';
import type { FakePostgres } from './fake-postgres.js';

/** What a watch needs of a fake way to PostgreSQL. */
export interface WatchedUpstream {
  readonly server: FakePostgres;
  readonly options: { readonly reach?: (point: 'look') => void };
  readonly sessions: readonly { readonly closed: boolean }[];
  breakOff(): void;
}

/** Looks at a fake server's slot; counts as one that holds the claim while a session is open. */
export class FakeSlotWatch implements SlotWatch {
  readonly #upstream: WatchedUpstream;

  constructor(upstream: WatchedUpstream) {
    this.#upstream = upstream;
  }

  async look(): Promise<SlotSight> {
    this.#upstream.options.reach?.('look');
    const { server } = this.#upstream;
    const { walEnd, inRecovery, systemId, database } = server;
    const source = { systemId, database, schema: 'public' };
    return { source, slot: server.slotFacts('litellm_exporter_litellm'), walEnd, inRecovery };
  }

  async oldestTransaction(): Promise<string | null> {
    return 'pid 4711';
  }

  async drop(_limit: number, { endHolder }: { readonly endHolder: boolean }): Promise<SlotDrop> {
    const held = this.#upstream.sessions.some(({ closed }) => !closed);
    if (held && !endHolder) return 'held';
    this.#upstream.breakOff();
    this.#upstream.server.slot = null;
    return 'dropped';
  }

  async close(): Promise<void> {}
}
