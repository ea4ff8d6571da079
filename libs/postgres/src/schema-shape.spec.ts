import { describe, expect, it } from '@jest/globals';
import { shapeOf } from './schema-shape.js';
import type { UsableTables } from './table-check.js';
import type { TableState } from './table-state.js';

const state = (oid: number, columns: readonly string[], numbers: readonly number[]): TableState => ({
  oid,
  partitioned: false,
  identity: 'd',
  owner: 'litellm',
  owned: true,
  columns,
  numbers,
  readable: columns,
  identityColumns: [],
  indexed: [],
});
const tables = (team: TableState): UsableTables =>
  new Map([
    [
      'spend_logs',
      {
        state: state(1, ['request_id', 'messages', 'status'], [1, 2, 3]),
        columns: new Set(['request_id', 'messages', 'status']),
      },
    ],
    ['team', { state: team, columns: new Set(team.columns) }],
  ]);

describe('the shape of what is read', () => {
  it('names tables and columns of entities by their identity, and those of the spend logs by name', () => {
    const shape = shapeOf(tables(state(2, ['team_id', 'spend', 'metadata'], [1, 4, 2])), []);
    expect(shape).toEqual({
      words: 'spend_logs.request_id spend_logs.status team@2 team.team_id@1 team.spend@4',
      gaps: [],
    });
  });

  it('does not depend on columns that are never read, nor on their order', () => {
    const one = shapeOf(tables(state(2, ['team_id', 'spend'], [1, 4])), []);
    const other = shapeOf(tables(state(2, ['added_by_hand', 'spend', 'team_id'], [9, 4, 1])), []);
    expect(other).toEqual(one);
  });
});
