import { describe, expect, it } from '@jest/globals';
import { insert, remove, update } from '../../../test/support/fake-postgres.js';
import { counted, spend } from '../../../test/support/given-pipeline.js';
import { GivenSteps } from '../../../test/support/given-steps.js';
import type { CounterKind } from './view.js';

const key = (token: string, name: string, alias = '') =>
  insert('key', { token, key_name: name, key_alias: alias, spend: 0 });
const team = (id: string, alias: string) => insert('team', { team_id: id, team_alias: alias, spend: 0 });

function shown({ state }: GivenSteps, kind: CounterKind): Record<string, number> {
  return Object.fromEntries([...state.counters(kind)].map(({ labels, value }) => [labels.join('|'), value]));
}

describe('counters', () => {
  it('beyond the cap label sets fold into `other` by first come, and sums stay right', () => {
    const steps = new GivenSteps({ maxSeries: 3 });
    steps.step(['a', 'b'].map((model) => spend({ model })));
    steps.step(['c', 'd', 'e', 'a'].map((model) => spend({ model })));
    expect(shown(steps, 'spend_usd')).toEqual({ a: 2, b: 1, c: 1, other: 2 });
    expect(shown(steps, 'requests_processed')).toEqual({
      'a|success': 2,
      'b|success': 1,
      'c|success': 1,
      'other|success': 2,
    });
    steps.step([spend({ model: 'd' }), spend({ model: 'b' })]);
    expect(shown(steps, 'spend_usd')).toEqual({ a: 2, b: 2, c: 1, other: 3 });
    // d and e, however often they came.
    expect(steps.state.folded('spend_usd')).toBe(2);
    expect(steps.state.folded('seeds')).toBe(0);
  });

  it('how many have folded is told on after a restart', () => {
    const steps = new GivenSteps({ maxSeries: 1 });
    steps.step(['a', 'b', 'c'].map((model) => spend({ model })));
    const restarted = new GivenSteps({ maxSeries: 1 }, steps.now);
    for (const record of steps.state.dump(100)) restarted.state.apply(record);
    restarted.step([spend({ model: 'c' })]);
    expect(restarted.state.folded('spend_usd')).toBe(2);
  });

  it('labels that say what is counted stay real beside `other`', () => {
    const steps = new GivenSteps({ maxSeries: 2 });
    steps.step([
      spend({ model: 'a' }),
      spend({ model: 'b' }),
      spend({ model: 'c' }),
      spend({ model: 'd', status: 'failure' }),
    ]);
    expect(Object.keys(shown(steps, 'requests_processed')).sort()).toEqual([
      'a|success',
      'b|success',
      'other|failure',
      'other|success',
    ]);
  });

  it('histograms fold likewise, and observations stay whole', () => {
    const steps = new GivenSteps({ maxSeries: 1 });
    const row = (model: string) => spend({ model, request_duration_ms: 100 });
    steps.step([row('a'), row('b'), row('c'), row('a')]);
    const histograms = [...steps.state.histograms('request_duration')];
    expect(histograms.map(({ labels, buckets }) => [labels[0], buckets[0]])).toEqual([
      ['a', 2],
      ['other', 2],
    ]);
  });

  it('0 is no cap', () => {
    const steps = new GivenSteps({ maxSeries: 0 });
    steps.step(Array.from({ length: 2_000 }, (_, one) => spend({ model: `m${one}` })));
    expect(Object.keys(shown(steps, 'spend_usd'))).toHaveLength(2_000);
  });

  it('a rename ends the series of the old alias and starts one; nothing that was counted moves', () => {
    const steps = new GivenSteps();
    steps.step([team('t', 'one')], [spend({ team_id: 't', spend: 5 })]);
    expect(shown(steps, 'team_spend_usd')).toEqual({ 't|one': 5 });
    steps.step([update('team', { team_id: 't', team_alias: 'two' })], [spend({ team_id: 't', spend: 1 })]);
    expect(shown(steps, 'team_spend_usd')).toEqual({ 't|two': 1 });
  });

  it('a change of something else ends nothing', () => {
    const steps = new GivenSteps();
    steps.step([team('t', 'one'), key('k', 'sk-1')], [spend({ team_id: 't', api_key: 'k', spend: 5 })]);
    steps.step([update('team', { team_id: 't', spend: 9 }), update('key', { token: 'k', spend: 9 })]);
    expect(shown(steps, 'team_spend_usd')).toEqual({ 't|one': 5 });
    expect(shown(steps, 'key_spend_usd')).toEqual({ 'sk-1|none': 5 });
  });

  it('a rotation starts a new series of the key', () => {
    const steps = new GivenSteps();
    steps.step([key('old', 'sk-1', 'mine')], [spend({ api_key: 'old', spend: 5 })]);
    steps.step(
      [update('key', { token: 'new', key_name: 'sk-2' }, { token: 'old' })],
      [spend({ api_key: 'old', spend: 1 })],
    );
    expect(shown(steps, 'key_spend_usd')).toEqual({ 'sk-2|mine': 1 });
  });

  it('a pair of labels lives as long as one key bears it', () => {
    const steps = new GivenSteps();
    steps.step(
      [key('a', 'sk-1'), key('b', 'sk-1')],
      [spend({ api_key: 'a', spend: 5 }), spend({ api_key: 'b', spend: 2 })],
    );
    steps.step([remove('key', { token: 'a' })]);
    expect(shown(steps, 'key_spend_usd')).toEqual({ 'sk-1|none': 7 });
    steps.step([remove('key', { token: 'b' })]);
    expect(shown(steps, 'key_spend_usd')).toEqual({});
  });

  it('a key that comes, spends and goes within one step leaves no series behind', () => {
    const steps = new GivenSteps();
    steps.step([key('k', 'sk-1')], [spend({ api_key: 'k', spend: 5 })], [remove('key', { token: 'k' })]);
    expect(shown(steps, 'key_spend_usd')).toEqual({});
    steps.step([team('t', 'one')], [spend({ team_id: 't' })], [update('team', { team_id: 't', team_alias: 'two' })]);
    expect(shown(steps, 'team_spend_usd')).toEqual({});
    steps.step([spend({ team_id: 't' })], [remove('team', { team_id: 't' })]);
    expect(shown(steps, 'team_spend_usd')).toEqual({});
  });

  it('truncating a table ends the series of all its rows but those that come back', () => {
    const steps = new GivenSteps();
    steps.step([team('a', 'one'), team('b', 'two')], [spend({ team_id: 'a' }), spend({ team_id: 'b' })]);
    steps.step([{ kind: 'truncate', relations: [{ schema: 'public', table: 'LiteLLM_TeamTable' }] }, team('a', 'one')]);
    expect(shown(steps, 'team_spend_usd')).toEqual({ 'a|one': 1 });
  });

  it('what nobody knows is counted under none/none, which never ends', () => {
    const steps = new GivenSteps();
    steps.step(
      [insert('key', { token: 'nameless', spend: 0 })],
      [spend({ api_key: 'nameless' }), spend({ api_key: 'who' })],
    );
    steps.step([remove('key', { token: 'nameless' })]);
    expect(shown(steps, 'key_spend_usd')).toEqual({ 'none|none': 2 });
  });

  it('what folded into `other` does not end with one of its keys', () => {
    const steps = new GivenSteps({ maxSeries: 1 });
    steps.step([key('a', 'sk-1'), key('b', 'sk-2')], [spend({ api_key: 'a' }), spend({ api_key: 'b' })]);
    expect(shown(steps, 'key_spend_usd')).toEqual({ 'sk-1|none': 1, 'other|other': 1 });
    steps.step([remove('key', { token: 'b' })]);
    expect(counted(steps.state, 'key_spend_usd', 'other', 'other')).toBe(1);
  });

  it('W3: counters keep every cent over many small steps', () => {
    const steps = new GivenSteps();
    for (let step = 0; step < 3_000; step++)
      steps.step([spend({ spend: 0.1, model: 'm' }), spend({ spend: 1e-9, model: 'm' })]);
    expect(counted(steps.state, 'spend_usd', 'm')).toBe(300.000003);
  });
});
