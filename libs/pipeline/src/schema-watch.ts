import { ExporterFailure, type FailureKind } from '@app/change';
import { relationOf, type SchemaShape, type SchemaSight, type TableName, type UpstreamSession } from '@app/litellm';
import type { SaidOnce } from './said-once.js';
import { SeedWanted } from './seed-wanted.js';

/** What a stream goes on under, though no new session would begin: a table that is renamed may come back. */
const SURVIVED: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'table-missing',
  'column-missing',
  'privilege-missing',
]);

/**
 * Notices what becomes of LiteLLM's tables while a stream is open: columns and tables that an upgrade adds or drops, and what
 * falls out of a publication (W5, W10). One for each session.
 *
 * Migrations come in a row, and each would cost a seed: a change counts once it has looked the same twice.
 */
export class SchemaWatch {
  readonly #session: UpstreamSession;
  readonly #said: SaidOnce;
  #last = '';

  constructor(session: UpstreamSession, said: SaidOnce) {
    this.#session = session;
    this.#said = said;
  }

  /**
   * Looks once.
   *
   * @throws SeedWanted for a change, ExporterFailure `publication-incomplete` where rows are written that reach no stream
   */
  async look(): Promise<void> {
    const sight = await this.#sight();
    if (sight === null) return;
    this.#said.say(sight.warnings);
    const changes = schemaChanges(this.#session.facts.schema, sight).join('; ');
    const settled = changes === this.#last;
    this.#last = changes;
    if (changes !== '' && settled) throw new SeedWanted('schema_changed', changes);
  }

  async #sight(): Promise<SchemaSight | null> {
    try {
      return await this.#session.schema();
    } catch (error) {
      if (!(error instanceof ExporterFailure) || !SURVIVED.has(error.kind)) throw error;
      this.#said.say([`LiteLLM's tables have changed: ${error.explain()}`]);
      return null;
    }
  }
}

/** What has changed from one shape to the next, in words for the log. Empty where both are read alike. Pure. */
export function schemaChanges(before: SchemaShape, now: SchemaShape): readonly string[] {
  const [old, present] = [identitiesOf(before.words), identitiesOf(now.words)];
  const changes: string[] = [];
  for (const name of new Set([...old.keys(), ...present.keys()])) {
    const [then, since] = [old.get(name), present.get(name)];
    if (then === since) continue;
    const table = name.split('.')[0] ?? '';
    // Where a whole table came or went, its columns need no words of their own.
    if (table !== name && old.get(table) !== present.get(table)) continue;
    changes.push(
      `${nameOf(name)} ${then === undefined ? 'is new' : since === undefined ? 'is gone' : 'was made anew'}`,
    );
  }
  return [...changes, ...now.gaps];
}

/** True after a failure under which rows may be written that no slot of ours has: only a new seed makes up for them. */
export function missesRows(error: unknown): boolean {
  return error instanceof ExporterFailure && error.kind.startsWith('publication-');
}

function identitiesOf(words: string): ReadonlyMap<string, string> {
  const named = words.split(' ').map((word): [string, string] => {
    const [name = '', identity = ''] = word.split('@');
    return [name, identity];
  });
  return new Map(named);
}

function nameOf(name: string): string {
  const [table, column] = name.split('.') as [TableName, string?];
  const relation = `"${relationOf(table)}"`;
  return column === undefined ? `table ${relation}` : `column "${column}" of ${relation}`;
}
