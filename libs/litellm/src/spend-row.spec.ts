import type { ColumnValue, Row } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RejectionReason, SpendFact } from './fact.js';
import { readSpendFact } from './spend-row.js';

const ROW = {
  request_id: 'chatcmpl-1',
  api_key: 'a1b2',
  spend: 0.0125,
  total_tokens: 30,
  prompt_tokens: 20,
  completion_tokens: 10,
  startTime: '2026-02-03 04:05:06.123',
  endTime: '2026-02-03 04:05:08.5',
  completionStartTime: '2026-02-03 04:05:07',
  model: 'gpt-4o-2024-08-06',
  model_id: 'deployment-1',
  model_group: 'gpt-4o',
  custom_llm_provider: 'openai',
  user: 'u1',
  team_id: 't1',
  organization_id: 'o1',
  cache_hit: 'False',
  request_tags: '["a", "b"]',
  status: 'success',
  request_duration_ms: 2377,
  metadata: '{"status": "success"}',
} satisfies Row;

function read(changes: Row): { fact: SpendFact; needsMetadata: boolean; rejections: readonly RejectionReason[] } {
  const reading = readSpendFact({ ...ROW, ...changes });
  if (reading.fact === null) throw new Error(`rejected: ${reading.rejections.join()}`);
  return reading;
}

const wrapped = (json: unknown): string => JSON.stringify(JSON.stringify(json));

describe('readSpendFact', () => {
  it('reads a whole row', () => {
    expect(readSpendFact(ROW)).toEqual({
      fact: {
        requestId: 'chatcmpl-1',
        startTime: Date.UTC(2026, 1, 3, 4, 5, 6, 123),
        endTime: Date.UTC(2026, 1, 3, 4, 5, 8, 500),
        completionStartTime: Date.UTC(2026, 1, 3, 4, 5, 7),
        durationMs: 2377,
        apiKey: 'a1b2',
        user: 'u1',
        teamId: 't1',
        organizationId: 'o1',
        model: 'gpt-4o-2024-08-06',
        modelId: 'deployment-1',
        modelGroup: 'gpt-4o',
        provider: 'openai',
        spend: 0.0125,
        totalTokens: 30,
        promptTokens: 20,
        completionTokens: 10,
        status: 'success',
        errorType: '',
        cache: 'miss',
        tags: ['a', 'b'],
      },
      needsMetadata: false,
      rejections: [],
    });
  });

  it('reads the texts of COPY as it reads the values of the stream', () => {
    const texts = Object.fromEntries(Object.entries(ROW).map(([name, value]) => [name, String(value)]));
    expect(readSpendFact(texts)).toEqual(readSpendFact(ROW));
  });

  it('reads a row of an older LiteLLM, which lacks columns', () => {
    const { status, request_duration_ms, organization_id, completionStartTime, ...older } = ROW;
    expect(readSpendFact(older)).toMatchObject({
      fact: { status: 'success', durationMs: null, organizationId: '', completionStartTime: null },
      rejections: [],
    });
  });

  it.each([[null], ['']])('takes %j for none, and a missing model for unknown', (none) => {
    const { fact } = read({
      api_key: none,
      user: none,
      team_id: none,
      organization_id: none,
      model: none,
      model_id: none,
      model_group: none,
      custom_llm_provider: none,
    });
    const ids = [fact.apiKey, fact.user, fact.teamId, fact.organizationId];
    expect([...ids, fact.modelId, fact.modelGroup, fact.provider]).toEqual(Array(7).fill(''));
    expect(fact.model).toBe('unknown');
  });

  it.each(['litellm_proxy_master_key', 'failed-to-connect-to-db', 'not-a-hash'])('keeps api_key %s', (key) => {
    expect(read({ api_key: key }).fact.apiKey).toBe(key);
  });

  it.each<[ColumnValue, string]>([
    ['True', 'hit'],
    ['true', 'hit'],
    ['TRUE', 'hit'],
    [true, 'hit'],
    ['False', 'miss'],
    ['false', 'miss'],
    [false, 'miss'],
    ['None', 'none'],
    ['', 'none'],
    [null, 'none'],
    ['t', 'none'],
  ])('takes cache_hit %j for a %s', (value, result) => {
    expect(read({ cache_hit: value }).fact.cache).toBe(result);
  });

  it.each<[ColumnValue, string, string]>([
    ['success', '{"status": "failure"}', 'success'],
    ['failure', '{"status": "success"}', 'failure'],
    [null, '{"status": "failure"}', 'failure'],
    ['', '{"status": "failure"}', 'failure'],
    ['Failure', '{"status": "success"}', 'success'],
    [null, '{"status": "odd"}', 'success'],
    [null, '{"status": null}', 'success'],
    [null, '{}', 'success'],
    [null, wrapped({ status: 'failure' }), 'failure'],
    [null, JSON.stringify(wrapped({ status: 'failure' })), 'success'],
    [null, '[{"status": "failure"}]', 'success'],
    [null, 'null', 'success'],
  ])('takes status %j with metadata %s for a %s', (status, metadata, expected) => {
    expect(read({ status, metadata }).fact.status).toBe(expected);
  });

  it.each([
    ['{"error_information": {"error_class": "RateLimitError", "traceback": "…"}}', 'RateLimitError'],
    [wrapped({ error_information: { error_class: 'ProxyException' } }), 'ProxyException'],
    ['{"error_information": {"error_class": ""}}', 'unknown'],
    ['{"error_information": {"error_class": null}}', 'unknown'],
    ['{"error_information": {"error_class": 429}}', 'unknown'],
    ['{"error_information": {"error_code": "500"}}', 'unknown'],
    ['{"error_information": "boom"}', 'unknown'],
    ['{"error_information": [{"error_class": "X"}]}', 'unknown'],
    ['{"error_information": null}', 'unknown'],
    ['{}', 'unknown'],
    ['"not json"', 'unknown'],
    ['not json', 'unknown'],
  ])('reads the error type of a failure with metadata %s', (metadata, errorType) => {
    expect(read({ status: 'failure', metadata })).toMatchObject({ fact: { errorType }, rejections: [] });
  });

  it('has no error type for a success, whatever metadata says', () => {
    expect(read({ metadata: '{"error_information": {"error_class": "X"}}' }).fact.errorType).toBe('');
  });

  it.each<[ColumnValue, string[]]>([
    ['["b", "a"]', ['b', 'a']],
    ['["a", "a", "b"]', ['a', 'b']],
    ['["", "a", null, 1, {"t": 1}, ["x"]]', ['a']],
    ['["User-Agent: curl", "User-Agent: curl/8.1"]', ['User-Agent: curl', 'User-Agent: curl/8.1']],
    [wrapped(['a', 'b']), ['a', 'b']],
    [JSON.stringify(wrapped(['a'])), []],
    ['[]', []],
    ['{}', []],
    ['{"a": 1}', []],
    ['null', []],
    ['7', []],
    [null, []],
    ['', []],
    [wrapped('[]'), []],
    [wrapped(['\0', 'x\ud800', '😀']), ['\uFFFD', 'x\uFFFD', '😀']],
  ])('reads the tags of %j', (value, tags) => {
    expect(read({ request_tags: value })).toMatchObject({ fact: { tags }, rejections: [] });
  });

  it.each(['not json', '"not json"', '["a"'])('counts tags %j as unreadable, and keeps the row', (value) => {
    expect(read({ request_tags: value })).toMatchObject({
      fact: { tags: [], spend: 0.0125 },
      rejections: ['tags_unreadable'],
    });
  });

  it.each([null, 'NaN', 'Infinity', '-Infinity', Number.NaN, Number.POSITIVE_INFINITY, '', 'x', undefined])(
    'counts a spend of %j as 0 and as not finite; the other measures count',
    (spend) => {
      expect(read({ spend })).toMatchObject({
        fact: { spend: 0, totalTokens: 30, status: 'success' },
        rejections: ['spend_not_finite'],
      });
    },
  );

  it.each<[ColumnValue, number]>([
    [0, 0],
    ['0', 0],
    [-1.5, -1.5],
    ['1e-07', 1e-7],
    ['1.7976931348623157e+308', Number.MAX_VALUE],
  ])('reads a spend of %j', (value, spend) => {
    expect(read({ spend: value })).toMatchObject({ fact: { spend }, rejections: [] });
  });

  it('counts NULL tokens as 0, and tokens that are no number as rejected', () => {
    expect(read({ total_tokens: null })).toMatchObject({ fact: { totalTokens: 0 }, rejections: [] });
    expect(read({ prompt_tokens: 'x', completion_tokens: 'NaN' })).toMatchObject({
      fact: { totalTokens: 30, promptTokens: 0, completionTokens: 0 },
      rejections: ['tokens_not_finite'],
    });
  });

  it.each<Row>([
    { startTime: null },
    { endTime: null },
    { startTime: undefined },
    { startTime: 'infinity' },
    { endTime: '-infinity' },
    { startTime: '294276-12-31 23:59:59' },
    { endTime: 'yesterday' },
    { startTime: 17 },
  ])('rejects a row with %j as a whole', (changes) => {
    expect(readSpendFact({ ...ROW, ...changes })).toEqual({ fact: null, rejections: ['time_unreadable'] });
  });

  it.each([null, 'infinity', ''])('takes completionStartTime %j for none', (value) => {
    expect(read({ completionStartTime: value })).toMatchObject({ fact: { completionStartTime: null }, rejections: [] });
  });

  it('reads timestamptz like timestamp', () => {
    expect(read({ startTime: '2026-02-03 04:05:06.123+00', endTime: '2026-02-03 09:35:08.5+05:30' }).fact).toEqual(
      read({}).fact,
    );
  });

  it('never throws, whatever the columns hold', () => {
    const json = fc.oneof(
      fc.json(),
      fc.json().map((text) => JSON.stringify(text)),
      fc.record({ status: fc.anything(), error_information: fc.anything() }).map((value) => {
        try {
          return JSON.stringify(value) ?? '';
        } catch {
          return '';
        }
      }),
    );
    const cell = fc.oneof(
      json,
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constantFrom(null, undefined, 'failure', 'infinity'),
    );
    const row = fc.record(Object.fromEntries(Object.keys(ROW).map((name) => [name, cell])));
    const times = fc.record({ startTime: fc.constant(ROW.startTime), endTime: fc.constant(ROW.endTime) });
    fc.assert(
      fc.property(row, fc.oneof(times, fc.constant({})), (cells, time) => {
        const { fact } = readSpendFact({ ...cells, ...time });
        if (fact === null) return;
        const measures = [fact.spend, fact.totalTokens, fact.promptTokens, fact.completionTokens, fact.startTime];
        expect(measures.every(Number.isFinite)).toBe(true);
        expect(fact.model).not.toBe('');
        expect(fact.errorType === '').toBe(fact.status === 'success');
        expect(new Set(fact.tags).size).toBe(fact.tags.length);
        expect(fact.tags).not.toContain('');
      }),
    );
  });
});
