import { Counter, Gauge, type Registry } from 'prom-client';

/** What was seen of the slot, in bytes; null where PostgreSQL does not tell. */
export interface SlotFacts {
  readonly retained: number | null;
  readonly confirmedLag: number | null;
  readonly safe: number | null;
  /** `wal_status`. */
  readonly status: string | null;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly limit: number;
}

/** What `pg_replication_slots.wal_status` may say. */
const SLOT_STATUSES = ['reserved', 'extended', 'unreserved', 'lost'] as const;

/** What a process says of the slot that it watches. */
export class SlotMetrics {
  readonly #retained: Gauge;
  readonly #unconfirmed: Gauge;
  readonly #safe: Gauge;
  readonly #limit: Gauge;
  readonly #status: Gauge;
  readonly #drops: Counter;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
      new Gauge({ name: `litellm_exporter_${name}`, help, labelNames, registers: [registry] });
    this.#retained = gauge('slot_retained_bytes', 'Bytes of write-ahead log that PostgreSQL keeps for the slot.');
    this.#unconfirmed = gauge(
      'slot_unconfirmed_bytes',
      'Bytes of write-ahead log written since the position that the slot has confirmed.',
    );
    this.#safe = gauge(
      'slot_safe_wal_bytes',
      'Bytes that may still be written before the slot is lost; absent without a limit.',
    );
    this.#limit = gauge(
      'slot_limit_bytes',
      'REPLICATION_MAX_RETAINED_BYTES: the slot is dropped when more is not confirmed; absent where it is off.',
    );
    this.#status = gauge('slot_status', "1 for the slot's wal_status, 0 for the others.", ['status']);
    this.#drops = new Counter({
      name: 'litellm_exporter_slot_drops_total',
      help: 'Times this process dropped the slot because of REPLICATION_MAX_RETAINED_BYTES.',
      registers: [registry],
    });
    this.show(null);
  }

  /** Shows the slot as it was seen; nothing of it for null. */
  show(facts: SlotFacts | null): void {
    set(this.#retained, facts?.retained);
    set(this.#unconfirmed, facts?.confirmedLag);
    set(this.#safe, facts?.safe);
    set(this.#limit, facts !== null && facts.limit > 0 ? facts.limit : null);
    this.#status.reset();
    const status = facts?.status ?? null;
    if (status === null) return;
    for (const known of new Set([...SLOT_STATUSES, status])) {
      this.#status.set({ status: known }, known === status ? 1 : 0);
    }
  }

  /** The slot was dropped. */
  dropped(): void {
    this.#drops.inc();
  }
}

function set(gauge: Gauge, value: number | null | undefined): void {
  // A gauge without labels has a value from the start: 0 would be a lie.
  gauge.set(value ?? Number.NaN);
}
