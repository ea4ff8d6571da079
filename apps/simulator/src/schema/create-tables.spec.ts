import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { layOut, SPEND_LOGS, type TableOptions, tablesOf } from './create-tables.js';
import { daysAround, partitionName } from './partitions.js';
import { columns, type ShapeName, type TableShape } from './table-shape.js';

const options: TableOptions = {
  shape: 'current',
  columnOrder: 'migrated',
  timestamps: 'timestamp',
  partitioned: false,
  partitionDays: 1,
};

function tableOf(shape: ShapeName, name: string): TableShape | undefined {
  return tablesOf(shape).find((table) => table.name === name);
}

function columnsOf(shape: ShapeName, name: string): string[] {
  return (tableOf(shape, name)?.columns ?? []).map((column) => column.name);
}

describe('the tables of a LiteLLM', () => {
  it('lack in early 2025 what later migrations brought', () => {
    const later = [
      'status',
      'request_duration_ms',
      'organization_id',
      'session_id',
      'proxy_server_request',
      'agent_id',
    ];
    expect(columnsOf('early-2025', SPEND_LOGS)).toHaveLength(25);
    for (const column of later) {
      expect(columnsOf('early-2025', SPEND_LOGS)).not.toContain(column);
      expect(columnsOf('current', SPEND_LOGS)).toContain(column);
    }
    for (const table of ['LiteLLM_TagTable', 'LiteLLM_ProjectTable', 'LiteLLM_DeprecatedVerificationToken']) {
      expect(tableOf('early-2025', table)).toBeUndefined();
      expect(tableOf('current', table)).toBeDefined();
    }
  });

  it.each<ShapeName>(['current', 'early-2025'])('stand in an order in which references can be made (%s)', (shape) => {
    const made = new Set<string>();
    for (const table of tablesOf(shape)) {
      for (const key of table.foreignKeys) expect(made).toContain(key.references);
      made.add(table.name);
    }
  });

  it.each<ShapeName>(['current', 'early-2025'])(
    'name only columns that they have in keys and indexes (%s)',
    (shape) => {
      for (const table of tablesOf(shape)) {
        const names = columnsOf(shape, table.name);
        expect(new Set(names).size).toBe(names.length);
        const named = [table.primaryKey, ...table.unique, ...table.indexes, table.foreignKeys.map((key) => key.column)];
        for (const column of named.flat()) expect(names).toContain(column);
      }
    },
  );

  it('shuffle their columns by the seed, without losing one', () => {
    const table = tableOf('current', SPEND_LOGS) as TableShape;
    const shuffled = (seed: number): string[] =>
      layOut(table, { ...options, columnOrder: 'shuffled' }, new Random(seed)).map(({ name }) => name);
    expect(shuffled(1)).toEqual(shuffled(1));
    expect(shuffled(1)).not.toEqual(shuffled(2));
    expect([...shuffled(1)].sort()).toEqual(table.columns.map(({ name }) => name).sort());
  });

  it('have timestamptz in the three time columns where that is asked for, and nowhere else', () => {
    const table = tableOf('current', SPEND_LOGS) as TableShape;
    const zoned = layOut(table, { ...options, timestamps: 'timestamptz' }, new Random(1)).filter(
      ({ type }) => type === 'timestamptz',
    );
    expect(zoned.map(({ name }) => name)).toEqual(['startTime', 'endTime', 'completionStartTime']);
  });

  it('take types of several words and defaults from a line', () => {
    expect(columns('spend double precision not null default 0.0\ntags text[] default array[]::text[]')).toEqual([
      { name: 'spend', type: 'double precision', constraint: 'not null default 0.0' },
      { name: 'tags', type: 'text[]', constraint: 'default array[]::text[]' },
    ]);
    expect(() => columns('nonsense')).toThrow('not a column: nonsense');
  });

  it('get a partition for each UTC day asked for and for a week ahead', () => {
    const now = Date.parse('2026-11-23T23:59:59.999Z');
    const days = daysAround(now, 2);
    expect(days.map(partitionName)).toHaveLength(10);
    expect(partitionName(days[0] as number)).toBe('LiteLLM_SpendLogs_p20261121');
    expect(partitionName(days[9] as number)).toBe('LiteLLM_SpendLogs_p20261130');
    expect(partitionName('default')).toBe('LiteLLM_SpendLogs_pdefault');
  });
});
