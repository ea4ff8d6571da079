import { ExporterFailure } from '@app/change';
import type { SchemaSight, UpstreamSession } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { SaidOnce } from './said-once.js';
import { SchemaWatch, schemaChanges } from './schema-watch.js';

const shape = (words: string, gaps: readonly string[] = []) => ({ words, gaps });
const BEFORE = shape('spend_logs.model team@2 team.team_id@1 team.spend@2');

/** A watch over a session that sees this, one look after another. */
function watching(...sights: (Partial<SchemaSight> | Error | null)[]) {
  const lines: string[] = [];
  const schema = async (): Promise<SchemaSight | null> => {
    const next = sights.shift();
    if (next instanceof Error) throw next;
    return next === null || next === undefined ? null : { ...BEFORE, warnings: [], ...next };
  };
  const session = { facts: { schema: BEFORE }, schema } as unknown as UpstreamSession;
  return { lines, watch: new SchemaWatch(session, new SaidOnce((line) => lines.push(line))) };
}

describe('what has changed between two shapes', () => {
  it.each<[string, string, string[]]>([
    ['nothing', BEFORE.words, []],
    [
      'a column of the spend logs',
      `${BEFORE.words} spend_logs.status`,
      ['column "status" of "LiteLLM_SpendLogs" is new'],
    ],
    [
      'a column of an entity',
      `${BEFORE.words} team.soft_budget@9`,
      ['column "soft_budget" of "LiteLLM_TeamTable" is new'],
    ],
    ['a table, by its name alone', `${BEFORE.words} tag@7 tag.tag_name@1`, ['table "LiteLLM_TagTable" is new']],
    ['a column dropped', 'spend_logs.model team@2 team.team_id@1', ['column "spend" of "LiteLLM_TeamTable" is gone']],
    [
      'a column dropped and added again: its old values are gone, and no row told of it',
      'spend_logs.model team@2 team.team_id@1 team.spend@3',
      ['column "spend" of "LiteLLM_TeamTable" was made anew'],
    ],
    [
      'a table dropped and made again',
      'spend_logs.model team@8 team.team_id@1 team.spend@2',
      ['table "LiteLLM_TeamTable" was made anew'],
    ],
    ['a table dropped', 'spend_logs.model', ['table "LiteLLM_TeamTable" is gone']],
  ])('is told in words: %s', (_what, words, changes) => {
    expect(schemaChanges(BEFORE, shape(words))).toEqual(changes);
  });

  it('is what a publication lacks, too', () => {
    expect(schemaChanges(BEFORE, shape(BEFORE.words, ['publication "p" lacks it']))).toEqual([
      'publication "p" lacks it',
    ]);
  });
});

describe('the watch over tables', () => {
  const one = { words: `${BEFORE.words} team.soft_budget@9` };
  const two = { words: `${one.words} team.blocked@10` };

  it('W5: asks for a seed once a change has looked the same twice: migrations come in a row, and cost one seed', async () => {
    const { watch } = watching({}, one, two, null, two);
    for (let looks = 0; looks < 4; looks += 1) await watch.look();
    await expect(watch.look()).rejects.toMatchObject({
      reason: 'schema_changed',
      message: expect.stringContaining('column "soft_budget" of "LiteLLM_TeamTable" is new; column "blocked"'),
    });
  });

  it('asks for nothing where a change was taken back, or can not be told', async () => {
    const { watch, lines } = watching(one, {}, {}, null, null, one);
    for (let looks = 0; looks < 6; looks += 1) await watch.look();
    expect(lines).toEqual([]);
  });

  it('W10: says once what its owner has to run, and goes on', async () => {
    const warnings = ['left out until its owner runs ALTER PUBLICATION "p" SET TABLE …'];
    const { watch, lines } = watching({ warnings }, { warnings }, { warnings });
    for (let looks = 0; looks < 3; looks += 1) await watch.look();
    expect(lines).toEqual(warnings);
  });

  it.each(['table-missing', 'column-missing', 'privilege-missing'] as const)(
    'says %s once and streams on: a table that was renamed may come back',
    async (kind) => {
      const failure = new ExporterFailure({ kind, message: 'it lacks something', remedy: 'GRANT SELECT …' });
      const { watch, lines } = watching(failure, failure, {});
      for (let looks = 0; looks < 3; looks += 1) await watch.look();
      expect(lines).toEqual([expect.stringMatching(/tables have changed: .*it lacks something.*GRANT SELECT/s)]);
    },
  );

  it('W5: ends the stream where rows are written that no publication carries', async () => {
    const failure = new ExporterFailure({ kind: 'publication-incomplete', message: 'lacks a table' });
    await expect(watching(failure).watch.look()).rejects.toBe(failure);
  });
});
