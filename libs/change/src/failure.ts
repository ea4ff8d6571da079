import type { Epoch } from './checkpoint.js';

/** What kind of trouble an {@link ExporterFailure} is; policies decide on this, never on a message text. */
export type FailureKind =
  | 'setting-invalid'
  | 'connection-refused'
  | 'database-missing'
  | 'tls-refused'
  | 'authentication-failed'
  | 'server-unsupported'
  | 'server-in-recovery'
  | 'server-shutting-down'
  | 'server-behind'
  | 'wal-level'
  | 'privilege-missing'
  | 'table-missing'
  | 'column-missing'
  | 'plugin-refused'
  | 'publication-missing'
  | 'publication-incomplete'
  | 'slots-exhausted'
  | 'slot-active'
  | 'slot-missing'
  | 'slot-lost'
  | 'slot-foreign'
  | 'other-system'
  | 'seed-interrupted'
  | 'stream-broken'
  | 'store-unavailable'
  | 'store-refused'
  | 'store-format'
  | 'store-broken'
  | 'checkpoint-mismatch'
  | 'fenced';

/** The facts of a failure. */
export interface FailureFacts {
  readonly kind: FailureKind;
  /** One sentence: what is wrong. Never contains a secret. */
  readonly message: string;
  /** What to do about it: the statement or setting that mends it. */
  readonly remedy?: string | undefined;
  /** Anchor in POSTGRES_SETUP.md that explains it, like `#wal_level`. */
  readonly section?: string | undefined;
  /** Of `fenced`: the claim that stands in the store, where the store tells. */
  readonly standing?: Epoch | undefined;
  readonly cause?: unknown;
  /** Where several failures were met at once: each of them, to be explained with its own remedy. */
  readonly parts?: readonly ExporterFailure[] | undefined;
}

/** What continues the text behind `  remedy: `. */
const CONTINUED = `\n${' '.repeat(10)}`;

/** A failure that knows its kind and its remedy. */
export class ExporterFailure extends Error {
  readonly kind: FailureKind;
  readonly remedy: string | undefined;
  readonly section: string | undefined;
  readonly standing: Epoch | undefined;
  readonly parts: readonly ExporterFailure[];

  constructor(facts: FailureFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'ExporterFailure';
    this.kind = facts.kind;
    this.remedy = facts.remedy;
    this.section = facts.section;
    this.standing = facts.standing;
    this.parts = facts.parts ?? [];
  }

  /**
   * Message, remedy and place in the documentation, each beginning a line, for a log or a terminal; of several failures
   * one after the other.
   */
  explain(): string {
    if (this.parts.length > 0) return this.parts.map((part) => part.explain()).join('\n');
    const lines = [this.message];
    if (this.remedy !== undefined) lines.push(`  remedy: ${this.remedy.replaceAll('\n', CONTINUED)}`);
    if (this.section !== undefined) lines.push(`  see:    POSTGRES_SETUP.md${this.section}`);
    return lines.join('\n');
  }
}

/** True for a failure of the given kind. */
export function isFailure(error: unknown, kind: FailureKind): error is ExporterFailure {
  return error instanceof ExporterFailure && error.kind === kind;
}
