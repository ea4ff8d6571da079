/** Milliseconds for which spend has to grow without a row before that is called silence; LiteLLM flushes within 60 s. */
const SILENCE = 300_000;

/**
 * Notices that spend on entities grows while no spend-log row arrives: LiteLLM's `disable_spend_logs` is on, and the
 * families that come from rows stand still.
 */
export class SilenceWatch {
  #grewSince: number | null = null;

  /** Told of each transaction. */
  observe(transaction: { readonly rows: number; readonly spendGrew: boolean }, now: number): void {
    if (transaction.rows > 0) this.#grewSince = null;
    else if (transaction.spendGrew) this.#grewSince ??= now;
  }

  silent(now: number): boolean {
    return this.#grewSince !== null && now - this.#grewSince >= SILENCE;
  }
}
