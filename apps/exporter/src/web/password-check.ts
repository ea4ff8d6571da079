import { createHmac, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { compare } from 'bcryptjs';

/** What a check found; `busy` where too many wait already. */
export type Verdict = 'accepted' | 'refused' | 'busy';

/** Answers that are remembered, of each kind. */
const REMEMBERED = 100;
const MOST_WAITING = 32;
/** After a wrong password the next check waits this many times as long as that one took. */
const REST_AFTER_REFUSAL = 4;
const LONGEST_REST = 1_000;

/**
 * Checks passwords against bcrypt hashes, one at a time. A hash takes about 0.1 s of this process by intent, so answers are
 * remembered (under a keyed digest, not the password), and guessing gets a fifth of one processor at most.
 */
export class PasswordCheck {
  readonly #key = randomBytes(32);
  readonly #answers = { true: new Map<string, true>(), false: new Map<string, true>() };
  readonly #running = new Map<string, Promise<boolean>>();
  #turn: Promise<unknown> = Promise.resolve();
  #rest = 0;

  /** Whether this is a user's password. A user that does not exist takes as long as one that does. */
  async check(users: ReadonlyMap<string, string>, user: string, password: string): Promise<Verdict> {
    const hash = users.get(user) ?? users.values().next().value;
    if (hash === undefined) return 'refused';
    const digest = this.#digest([user, hash, password]);
    const known = this.#remembered(digest) ?? (await this.#compared(digest, password, hash));
    if (known === 'busy') return 'busy';
    return known && users.has(user) ? 'accepted' : 'refused';
  }

  #digest(parts: readonly string[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64');
  }

  #remembered(digest: string): boolean | undefined {
    if (this.#answers.true.has(digest)) return true;
    return this.#answers.false.has(digest) ? false : undefined;
  }

  async #compared(digest: string, password: string, hash: string): Promise<boolean | 'busy'> {
    const running = this.#running.get(digest);
    if (running !== undefined) return running;
    if (this.#running.size >= MOST_WAITING) return 'busy';
    const answer = this.#turn.then(() => this.#compare(password, hash));
    this.#turn = answer.catch(() => undefined).then(() => pause(this.#rest, undefined, { ref: false }));
    this.#running.set(digest, answer);
    try {
      const accepted = await answer;
      this.#remember(digest, accepted);
      return accepted;
    } finally {
      this.#running.delete(digest);
    }
  }

  async #compare(password: string, hash: string): Promise<boolean> {
    const began = performance.now();
    const accepted = await compare(password, hash);
    this.#rest = accepted ? 0 : Math.min((performance.now() - began) * REST_AFTER_REFUSAL, LONGEST_REST);
    return accepted;
  }

  #remember(digest: string, accepted: boolean): void {
    const answers = this.#answers[`${accepted}`];
    answers.set(digest, true);
    const [oldest] = answers.keys();
    if (answers.size > REMEMBERED && oldest !== undefined) answers.delete(oldest);
  }
}
