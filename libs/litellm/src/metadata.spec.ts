import type { ColumnValue, Row } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readMetadata, withMetadata } from './metadata.js';
import { readSpendFact } from './spend-row.js';

describe('a row that came without metadata', () => {
  const without = (status: ColumnValue | undefined): Row => {
    return { startTime: '2026-02-03 04:05:06', endTime: '2026-02-03 04:05:07', spend: 1, status };
  };

  it.each<[ColumnValue | undefined, boolean]>([
    ['success', false],
    ['failure', true],
    [null, true],
    ['', true],
    ['odd', true],
    [undefined, true],
  ])('with status %j needs it: %j', (status, needsMetadata) => {
    expect(readSpendFact(without(status))).toMatchObject({ needsMetadata });
  });

  it('needs none where the column is there but NULL', () => {
    const reading = readSpendFact({ ...without('failure'), metadata: null });
    expect(reading).toMatchObject({ needsMetadata: false, fact: { errorType: 'unknown' } });
  });

  it('is a failure of unknown type until it is completed', () => {
    expect(readSpendFact(without('failure'))).toMatchObject({ fact: { status: 'failure', errorType: 'unknown' } });
  });

  it('completed, says what the whole row would have said', () => {
    const status = fc.constantFrom<ColumnValue | undefined>('failure', null, '', 'odd', undefined);
    const metadata = fc.record({
      status: fc.constantFrom('success', 'failure', 'odd', null, 1),
      error_information: fc.oneof(fc.constant(null), fc.record({ error_class: fc.oneof(fc.string(), fc.integer()) })),
    });
    fc.assert(
      fc.property(status, metadata, (rowStatus, value) => {
        const partial = readSpendFact(without(rowStatus));
        const whole = readSpendFact({ ...without(rowStatus), metadata: JSON.stringify(value) });
        expect(partial.fact && withMetadata(partial.fact, readMetadata(JSON.stringify(value)))).toEqual(whole.fact);
      }),
    );
  });
});

describe('readMetadata', () => {
  it.each([
    ['{"status": "failure", "error_information": {"error_class": "X"}}', 'failure', 'X'],
    ['"{\\"status\\": \\"success\\"}"', 'success', ''],
    ['{"status": "odd"}', null, ''],
    ['[]', null, ''],
    ['null', null, ''],
    ['{', null, ''],
    [null, null, ''],
    [undefined, null, ''],
  ])('reads %j', (value, status, errorClass) => {
    expect(readMetadata(value)).toEqual({ status, errorClass });
  });

  it('is not misled by names that every object has', () => {
    expect(readMetadata('{"__proto__": {"status": "failure"}}')).toEqual({ status: null, errorClass: '' });
  });
});
