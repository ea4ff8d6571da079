import type { Change, Row } from '@app/change';
import { beforeAll, describe, expect, it } from '@jest/globals';

/** What a decoder made of one scenario of decoder-scenarios.ts, recorded from a real server. */
export type ChangesOf = (scenario: string) => readonly Change[];

/**
 * The changes without what a plugin may leave out or put together otherwise: transactions without changes (wal2json
 * sends them, pgoutput does not since PostgreSQL 15), and one truncate of two tables or two of one.
 */
export function essential(changes: readonly Change[]): readonly Change[] {
  const single = changes.flatMap((change): readonly Change[] =>
    change.kind === 'truncate'
      ? change.relations.map((relation) => ({ kind: 'truncate', relations: [relation] }))
      : [change],
  );
  return single.filter((_change, index) => {
    const empty = (at: number) => single[at]?.kind === 'begin' && single[at + 1]?.kind === 'commit';
    return !empty(index) && !empty(index - 1);
  });
}

/** What every {@link ChangeDecoder} promises, told by the changes it made of the scenarios. */
export function describeDecoder(plugin: string, changesOf: ChangesOf): void {
  describe(`decoder of ${plugin}`, () => {
    let rows: (scenario: string) => readonly Row[];
    const of = <K extends Change['kind']>(scenario: string, kind: K) =>
      changesOf(scenario).filter((change): change is Extract<Change, { kind: K }> => change.kind === kind);

    beforeAll(() => {
      rows = (scenario) => of(scenario, 'insert').map((change) => change.row);
    });

    it('gives numbers, booleans, and PostgreSQL’s text form for everything else', () => {
      expect(rows('types')).toEqual([
        {
          id: 1,
          yes: true,
          small: -7,
          large: 9007199254740992,
          real4: 0.1,
          real8: 0.1,
          exact: 123.45,
          words: 'text',
          at: '2026-01-02 03:04:05.678',
          at_zone: '2026-01-02 01:04:05.678901+00',
          doc: '{"a": "ü", "b": [1, null]}',
          raw: '{"b" :1}',
          tags: '{a,"b,c",NULL,""}',
          numbers: '{1,2}',
          bytes: '00ff',
          unique_id: '6ecd8c99-4036-403d-bf84-cf8400f67836',
          day: '2026-01-02',
          object: 4294967295,
          padded: 'ab ',
          owed: '1.50',
        },
      ]);
    });

    it('names every column of an inserted row, NULL as null', () => {
      const [row] = rows('nulls');
      expect(Object.keys(row ?? {})).toHaveLength(20);
      expect(Object.values(row ?? {}).filter((value) => value !== null)).toEqual([2]);
    });

    it('makes null of a number that no double can hold, and takes the nearest double of the others', () => {
      expect(rows('special numbers').map(({ real4, real8, exact, owed }) => ({ real4, real8, exact, owed }))).toEqual([
        { real4: null, real8: null, exact: null, owed: 'NaN' },
        { real4: null, real8: null, exact: null, owed: null },
        { real4: 1e-40, real8: -0, exact: null, owed: null },
        { real4: null, real8: Number.MAX_VALUE, exact: 12345678901234567000, owed: null },
      ]);
    });

    it('keeps texts to the letter', () => {
      expect(rows('texts').map((row) => row.words)).toEqual([
        '',
        '🦀 naïve 🏳️‍🌈',
        'quote " back\\slash \n tab \t bell \u0007 line \u2028',
        '\uFEFFmarked',
        'NULL',
        'null',
        'NaN',
        'true',
        '42',
      ]);
    });

    it('spells tables and columns as the catalogue does', () => {
      const [insert] = of('mixed case', 'insert');
      expect(insert?.relation).toEqual({ schema: 'public', table: 'LiteLLM_MixedCase' });
      expect(insert?.row).toEqual({ requestId: 'r 1', startTime: '2026-01-02 00:00:00', user: 'me' });
    });

    it('leaves an unchanged TOAST column out, which is not NULL', () => {
      const updates = of('unchanged toast', 'update');
      expect(updates.map((change) => Object.keys(change.row).sort())).toEqual([
        ['id', 'spend'],
        ['id', 'spend'],
        ['doc', 'id', 'spend'],
      ]);
      expect(updates.map((change) => change.oldKey)).toEqual([null, { id: 'a' }, null]);
      expect(updates[2]?.row.doc).toBeNull();
    });

    it('names the old key of an update only where it was replaced, and of a delete nothing but the key', () => {
      expect(of('key change', 'update').map((change) => change.oldKey)).toEqual([
        null,
        null,
        { team: 't', person: 'p' },
      ]);
      expect(of('key change', 'delete').map((change) => change.key)).toEqual([{ team: 't', person: 'q' }]);
    });

    it('gives whole old rows under FULL identity, and fills in what was not sent again', () => {
      const note = 'y'.repeat(9000);
      expect(of('full identity', 'update').map(({ row, oldKey }) => ({ row, oldKey }))).toEqual([
        { row: { id: 1, name: 'uno', note }, oldKey: { id: 1, name: 'one', note } },
        { row: { id: 1, name: 'uno', note }, oldKey: null },
        { row: { id: 2, name: 'two', note: null }, oldKey: { id: 2, name: null, note: null } },
      ]);
      expect(of('full identity', 'delete').map((change) => change.key)).toEqual([{ id: 2, name: 'two', note: null }]);
    });

    it('names each truncated table', () => {
      const names = of('truncate', 'truncate').flatMap((change) => change.relations.map((relation) => relation.table));
      expect(names).toEqual(['other_one', 'other_one', 'other_two']);
    });

    it('speaks of a partitioned table by its own name, also for partitions made later', () => {
      const named = [...changesOf('partitions'), ...changesOf('a new partition')].flatMap((change) =>
        'relation' in change ? [`${change.kind} ${change.relation.table}`] : [],
      );
      expect(new Set(named)).toEqual(
        new Set(['insert LiteLLM_SpendLogs', 'update LiteLLM_SpendLogs', 'delete LiteLLM_SpendLogs']),
      );
      expect(rows('a new partition')).toEqual([{ request_id: 'r5', startTime: '2026-01-05 10:00:00', spend: 5 }]);
      expect(of('partitions', 'truncate').flatMap((change) => change.relations)).toEqual([
        { schema: 'public', table: 'LiteLLM_SpendLogs' },
      ]);
    });

    it('follows a table whose columns change in the middle of the stream', () => {
      expect(rows('a new column')).toEqual([{ id: 1 }, { id: 2, more: 8 }, { id: 3 }]);
    });

    it('gives logical messages inside and outside of transactions', () => {
      const changes = essential(changesOf('messages'));
      expect(changes.map((change) => (change.kind === 'message' ? change.prefix : change.kind))).toEqual([
        'outside',
        ...['begin', 'insert', 'inside', 'commit'],
        ...['begin', 'alone', 'commit'],
      ]);
      expect(of('messages', 'message').map(({ content, transactional }) => ({ content, transactional }))).toEqual([
        { content: 'héllo', transactional: false },
        { content: '', transactional: true },
        { content: '{}', transactional: true },
      ]);
    });

    it('names the same commit position and time at begin and commit, and ends where nothing of it is left (W1)', () => {
      const changes = essential(changesOf('one transaction over several tables'));
      expect(changes.map((change) => change.kind)).toEqual([
        ...['begin', 'insert', 'insert', 'insert', 'commit'],
        ...['begin', 'insert', 'commit'],
      ]);
      const begins = changes.filter((change) => change.kind === 'begin');
      const commits = changes.filter((change) => change.kind === 'commit');
      for (const [index, begin] of begins.entries()) {
        expect(commits[index]).toMatchObject({ commitLsn: begin.commitLsn, commitTime: begin.commitTime });
        expect(commits[index]!.endLsn).toBeGreaterThan(begin.commitLsn);
        expect(Math.abs(Date.now() - begin.commitTime)).toBeLessThan(600_000);
      }
    });

    it('rejects nothing of what a server sends', () => {
      const scenarios = [
        'types',
        'special numbers',
        'texts',
        'unchanged toast',
        'full identity',
        'partitions',
        'messages',
      ];
      expect(scenarios.flatMap((scenario) => of(scenario, 'rejected'))).toEqual([]);
    });
  });
}
