import { TABLES, type TableName } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import { comparePublication, type PublicationState } from './publication-check.js';
import {
  alterPublicationStatements,
  createPublicationStatement,
  planPublications,
  publicationNames,
} from './publication-statements.js';
import type { TableState } from './table-state.js';

function state(table: TableName, changes: Partial<TableState> = {}): TableState {
  const columns = [...TABLES[table].columns.map((column) => column.name), 'messages', 'password'];
  return {
    oid: 1,
    partitioned: false,
    identity: 'd',
    owner: 'litellm',
    owned: true,
    columns,
    numbers: columns.map((_column, at) => at + 1),
    readable: columns,
    identityColumns: TABLES[table].primaryKey,
    indexed: ['startTime'],
    ...changes,
  };
}

const tables = new Map<TableName, TableState>([
  ['spend_logs', state('spend_logs')],
  ['tag', state('tag')],
]);
const plans = planPublications('litellm_exporter', tables, 150_000);
const logs = plans[0]!;
const entities = plans[1]!;

function published(changes: Partial<PublicationState> = {}): PublicationState {
  return {
    name: logs.name,
    owned: true,
    operations: ['insert'],
    viaRoot: true,
    tables: new Map([['LiteLLM_SpendLogs', { columns: new Set(logs.tables[0]?.columns), filtered: false }]]),
    ...changes,
  };
}

describe('the plan of the publications', () => {
  it('has two, because `publish` holds for a whole publication', () => {
    expect(publicationNames('x')).toEqual({ spendLogs: 'x', entities: 'x_entities' });
    expect(createPublicationStatement(entities, 'public')).toBe(
      'CREATE PUBLICATION "litellm_exporter_entities" FOR TABLE\n' +
        '  "public"."LiteLLM_TagTable" ("tag_name", "budget_id", "spend")\n' +
        "  WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);",
    );
    expect(createPublicationStatement(logs, 'public')).toContain(
      `WITH (publish = 'insert', publish_via_partition_root = true)`,
    );
  });

  it('quotes every name', () => {
    const [first] = planPublications('x"; DROP TABLE y; --', tables, 150_000);
    const statements = [createPublicationStatement(first!, 'a"b'), ...alterPublicationStatements(first!, 'a"b')];
    for (const statement of statements) {
      expect(statement).toContain('"x""; DROP TABLE y; --"');
    }
    expect(statements[0]).toContain('"a""b"."LiteLLM_SpendLogs"');
  });

  it('leaves prompts, passwords and metadata out, but metadata only where there is a status column', () => {
    expect(logs.tables[0]?.columns).not.toEqual(expect.arrayContaining(['metadata']));
    const old = state('spend_logs');
    const columns = old.columns.filter((column) => column !== 'status');
    const [older] = planPublications('x', new Map([['spend_logs', { ...old, columns }]]), 150_000);
    expect(older?.tables[0]?.columns).toContain('metadata');
    for (const column of ['messages', 'password']) expect(older?.tables[0]?.columns).not.toContain(column);
  });

  it('has no column lists before 15, and none under REPLICA IDENTITY FULL; an index’s columns are in the list', () => {
    expect(planPublications('x', tables, 140_000).flatMap((plan) => plan.tables.map((table) => table.columns))).toEqual(
      [null, null],
    );
    const full = new Map<TableName, TableState>([['tag', state('tag', { identity: 'f' })]]);
    expect(planPublications('x', full, 150_000)[1]?.tables[0]?.columns).toBeNull();
    const index = new Map<TableName, TableState>([
      ['tag', state('tag', { identity: 'i', identityColumns: ['tag_name', 'id'] })],
    ]);
    expect(planPublications('x', index, 150_000)[1]?.tables[0]?.columns).toContain('id');
    const none = new Map<TableName, TableState>([['tag', state('tag', { identity: 'n', identityColumns: [] })]]);
    expect(planPublications('x', none, 150_000)[1]?.tables).toEqual([]);
  });
});

describe('a publication that is there', () => {
  it('is kept when it carries what is needed, or more', () => {
    expect(comparePublication(logs, published(), tables).step).toBe('keep');
    const more = published({
      operations: ['insert', 'update', 'delete', 'truncate'],
      tables: new Map([['LiteLLM_SpendLogs', { columns: null, filtered: false }]]),
    });
    expect(comparePublication(logs, more, tables).step).toBe('keep');
  });

  it.each<[string, PublicationState | undefined, boolean]>([
    ['does not exist', undefined, true],
    ['does not publish insert', published({ operations: ['delete'] }), true],
    ['lacks table "LiteLLM_SpendLogs"', published({ tables: new Map() }), true],
    ['by a WHERE', published({ tables: new Map([['LiteLLM_SpendLogs', { columns: null, filtered: true }]]) }), true],
    [
      'lacks columns of "LiteLLM_SpendLogs": model',
      published({
        tables: new Map([
          [
            'LiteLLM_SpendLogs',
            { columns: new Set(logs.tables[0]?.columns?.filter((name) => name !== 'model')), filtered: false },
          ],
        ]),
      }),
      true,
    ],
    [
      'lacks columns of "LiteLLM_SpendLogs": status',
      published({
        tables: new Map([
          [
            'LiteLLM_SpendLogs',
            { columns: new Set(logs.tables[0]?.columns?.filter((name) => name !== 'status')), filtered: false },
          ],
        ]),
      }),
      false,
    ],
  ])('has a gap: it %s', (text, found, essential) => {
    const gaps = comparePublication(logs, found, tables);
    expect(gaps.gaps.join()).toContain(text);
    expect(gaps.essential).toBe(essential);
    expect(gaps.step).toBe(found === undefined ? 'create' : 'alter');
  });

  it('has to publish partitioned spend logs by their parent', () => {
    const partitioned = new Map(tables).set('spend_logs', state('spend_logs', { partitioned: true }));
    expect(comparePublication(logs, published({ viaRoot: false }), partitioned)).toMatchObject({
      step: 'alter',
      essential: true,
    });
    expect(comparePublication(logs, published(), partitioned).step).toBe('keep');
  });
});
