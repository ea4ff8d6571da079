/** Where a store says what it does and what worries it. Texts never contain a password. */
export interface StoreLog {
  debug(message: string): void;
  warn(message: string): void;
}

/** A log that nobody reads. */
export const SILENT_LOG: StoreLog = { debug: () => {}, warn: () => {} };
