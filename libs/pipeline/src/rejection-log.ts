import { formatLsn, type Lsn } from '@app/change';

const MINUTE = 60_000;

/** Says what could not be used once a minute for each reason, with its position (W10); everything is counted elsewhere. */
export class RejectionLog {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #last = new Map<string, { saidAt: number; unsaid: number }>();

  constructor(say: (line: string) => void, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  reject(reason: string, detail: string, commitLsn: Lsn | null): void {
    const now = this.#now();
    const last = this.#last.get(reason);
    if (last !== undefined && now - last.saidAt < MINUTE) {
      last.unsaid += 1;
      return;
    }
    const position = commitLsn === null ? 'outside of a transaction' : `in the transaction at ${formatLsn(commitLsn)}`;
    const more = last === undefined || last.unsaid === 0 ? '' : ` (and ${last.unsaid} more since the last such line)`;
    this.#say(`passed over ${reason} ${position}: ${detail}${more}`);
    this.#last.set(reason, { saidAt: now, unsaid: 0 });
  }
}
