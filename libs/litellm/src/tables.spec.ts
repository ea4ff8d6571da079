import { describe, expect, it } from '@jest/globals';
import { ENTITY_TABLES, publishedColumns, relationOf, TABLE_NAMES, TABLES, tableOfRelation } from './tables.js';

const columnsOf = (table: keyof typeof TABLES): Set<string> => new Set(TABLES[table].columns.map(({ name }) => name));

describe('TABLES', () => {
  it('needs spend logs, keys, teams and users, and no other table', () => {
    expect(TABLE_NAMES.filter((name) => TABLES[name].required)).toEqual(['spend_logs', 'key', 'team', 'user']);
  });

  it('reads no secret and no prompt of any table', () => {
    const read = TABLE_NAMES.flatMap((name) => [...columnsOf(name)]);
    for (const secret of ['password', 'litellm_params', 'messages', 'response', 'proxy_server_request', 'user_email']) {
      expect(read).not.toContain(secret);
    }
  });

  it.each(TABLE_NAMES)('%s has its primary key among its required columns, and names no column twice', (name) => {
    const { columns, primaryKey } = TABLES[name];
    const required = columns.filter((column) => column.required).map((column) => column.name);
    expect(required).toEqual(expect.arrayContaining([...primaryKey]));
    expect(columnsOf(name).size).toBe(columns.length);
  });

  it.each(['organization_id', 'status', 'request_duration_ms'])(
    'does without %s of spend logs, which an older LiteLLM lacks',
    (column) => {
      expect(TABLES.spend_logs.columns.find(({ name }) => name === column)?.required).toBe(false);
    },
  );

  it('lists every entity table', () => {
    expect(ENTITY_TABLES).toHaveLength(TABLE_NAMES.length - 1);
    expect(ENTITY_TABLES).not.toContain('spend_logs');
  });
});

describe('tableOfRelation', () => {
  it.each(TABLE_NAMES)('knows %s by LiteLLM\u2019s name', (name) => {
    expect(tableOfRelation(relationOf(name))).toBe(name);
  });

  it.each([
    ['LiteLLM_SpendLogs_p20260203', 'spend_logs'],
    ['LiteLLM_SpendLogs_pdefault', 'spend_logs'],
    ['LiteLLM_SpendLogs_y2026m01', 'spend_logs'],
    ['LiteLLM_SpendLogs_legacy', null],
    ['LiteLLM_SpendLogs_2025_legacy', null],
    ['LiteLLM_SpendLogsArchive', null],
    ['LiteLLM_SpendLogToolIndex', null],
    ['litellm_spendlogs', null],
    ['LiteLLM_DeletedVerificationToken', null],
    ['LiteLLM_DailyUserSpend', null],
    ['', null],
    ['constructor', null],
  ])('takes %s for %s', (relation, table) => {
    expect(tableOfRelation(relation)).toBe(table);
  });
});

describe('publishedColumns', () => {
  it('leaves metadata of spend logs out where the row has a status of its own', () => {
    const published = publishedColumns('spend_logs', new Set([...columnsOf('spend_logs'), 'messages', 'session_id']));
    expect(published).not.toContain('metadata');
    expect(published).not.toContain('messages');
    expect(published).toEqual(expect.arrayContaining(['request_id', 'startTime', 'status', 'request_tags']));
  });

  it('includes metadata where an older LiteLLM has no status column', () => {
    const available = columnsOf('spend_logs');
    available.delete('status');
    expect(publishedColumns('spend_logs', available)).toContain('metadata');
  });

  it('names only columns that the table has', () => {
    expect(publishedColumns('team', new Set(['team_id', 'spend', 'metadata']))).toEqual(['team_id', 'spend']);
  });
});
