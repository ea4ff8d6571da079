import { describe, expect, it } from '@jest/globals';
import { qualifiedName, quoteIdentifier } from './identifiers.js';

describe('quoteIdentifier', () => {
  it.each([
    ['LiteLLM_SpendLogs', '"LiteLLM_SpendLogs"'],
    ['user', '"user"'],
    ['odd"name', '"odd""name"'],
    ['"; DROP TABLE x; --', '"""; DROP TABLE x; --"'],
  ])('quotes %s', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted);
  });

  it('qualifies a table by its schema', () => {
    expect(qualifiedName('my schema', 'LiteLLM_TeamTable')).toBe('"my schema"."LiteLLM_TeamTable"');
  });
});
