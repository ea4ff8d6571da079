import { describe, expect, it } from '@jest/globals';
import { insert } from '../../../test/support/fake-postgres.js';
import { counted, read, spend } from '../../../test/support/given-pipeline.js';
import { GivenSteps } from '../../../test/support/given-steps.js';
import { UNKNOWN_IDS } from './admission.js';

const DAY = 86_400_000;
const many = (count: number, from = 0): number[] => Array.from({ length: count }, (_, one) => from + one);

function rowsOf({ state }: GivenSteps, kind: Parameters<typeof read>[1], ...key: string[]): number {
  return read(state, kind, ...key)?.rows ?? 0;
}

describe('admission of ids', () => {
  it.each([
    ['user', 'spend_by_user', (id: string) => ({ user: id }), ['other', 'gpt-5']],
    ['team', 'spend_by_team', (id: string) => ({ team_id: id }), ['other', '', 'gpt-5']],
    ['organization', 'spend_by_team', (id: string) => ({ organization_id: id }), ['', 'other', 'gpt-5']],
    ['key', 'spend_by_key', (id: string) => ({ api_key: id }), ['other']],
    ['tag', 'spend_by_tag', (id: string) => ({ request_tags: JSON.stringify([id]) }), ['other']],
  ] as const)(
    'W9: a %s that no row knows is one of 1,000, or `other`, and sums stay right',
    (_what, kind, facts, other) => {
      const given = new GivenSteps();
      const invented = many(1_500).map((one) => spend({ user: '', ...facts(`invented ${one}`) }));
      given.step(invented.slice(0, 700), invented.slice(700));
      expect([...given.state.series(kind)].length).toBe(UNKNOWN_IDS + 1);
      expect(rowsOf(given, kind, ...other)).toBe(500);
      const again = given.step([spend(facts('invented 0')), spend(facts('invented 1499'))]);
      expect(rowsOf(given, kind, ...other)).toBe(501);
      expect(again.defined.filter((one) => one.kind === kind)).toEqual([]);
    },
  );

  it('ids that a row knows are never folded, also those of the same step', () => {
    const given = new GivenSteps();
    given.step(many(1_200).map((one) => spend({ user: `invented ${one}`, api_key: `key ${one}` })));
    given.step(
      [insert('user', { user_id: 'real', spend: 0 }), insert('key', { token: 'token', spend: 0 })],
      [spend({ user: 'real', api_key: 'token' })],
    );
    expect(rowsOf(given, 'spend_by_user', 'real', 'gpt-5')).toBe(1);
    expect(rowsOf(given, 'spend_by_key', 'token')).toBe(1);
  });

  it('a model is known from the table or from a success; seen only in failures it is one of 1,000, or `other`', () => {
    const given = new GivenSteps();
    given.step([insert('model', { model_id: 'id', model_name: 'listed' })]);
    const failure = (model: string) => spend({ model, status: 'failure' });
    given.step(many(1_100).map((one) => failure(`invented ${one}`)));
    expect(rowsOf(given, 'requests', 'other', 'failure')).toBe(100);
    expect(counted(given.state, 'request_errors', 'other', 'unknown')).toBe(100);
    given.step([failure('listed'), spend({ model: 'answers' }), failure('answers'), failure('invented late')]);
    expect(rowsOf(given, 'requests', 'listed', 'failure')).toBe(1);
    expect(rowsOf(given, 'requests', 'answers', 'failure')).toBe(1);
    expect(rowsOf(given, 'requests', 'invented late', 'failure')).toBe(0);
    expect(counted(given.state, 'requests_processed', 'other', 'failure')).toBe(101);
    // What failed first and answers then has a series of its own from there on.
    given.step([spend({ model: 'invented 1099' })]);
    expect(rowsOf(given, 'requests', 'invented 1099', 'success')).toBe(1);
  });

  it('what is folded is the same for every family of a model: one row, one model', () => {
    const given = new GivenSteps();
    given.step(many(1_050).map((one) => spend({ model: `invented ${one}`, status: 'failure', user: 'u' })));
    for (const kind of ['spend_by_model', 'requests', 'errors', 'rate_by_key', 'spend_by_user'] as const) {
      const place = kind === 'rate_by_key' || kind === 'spend_by_user' ? 1 : 0;
      const models = new Set([...given.state.series(kind)].map(({ key }) => key[place]));
      expect(models.size).toBe(UNKNOWN_IDS + 1);
    }
  });

  it('ids whose series are gone make room, within a minute of being asked for', () => {
    const given = new GivenSteps();
    given.step(many(1_000).map((one) => spend({ user: `early ${one}` })));
    given.step([spend({ user: 'too many' })]);
    expect(rowsOf(given, 'spend_by_user', 'other', 'gpt-5')).toBe(1);
    given.tick(31 * DAY);
    const time = new Date(given.now).toISOString();
    given.step([spend({ user: 'later', startTime: time, endTime: time })]);
    expect(rowsOf(given, 'spend_by_user', 'later', 'gpt-5')).toBe(1);
  });

  it('what was admitted before a restart is admitted after it', () => {
    const given = new GivenSteps();
    given.step(many(1_100).map((one) => spend({ user: `invented ${one}` })));
    const restarted = new GivenSteps({}, given.now);
    for (const record of given.state.dump(100)) restarted.state.apply(record);
    restarted.step([spend({ user: 'invented 5' }), spend({ user: 'one more' })]);
    expect(rowsOf(restarted, 'spend_by_user', 'invented 5', 'gpt-5')).toBe(2);
    expect(rowsOf(restarted, 'spend_by_user', 'other', 'gpt-5')).toBe(101);
  });
});
