import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ColumnValue } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type WantedColumns, wantedRelations } from './relation-names.js';
import { Wal2JsonDecoder } from './wal2json-decoder.js';

const TABLE = 'LiteLLM_SpendLogs';
const COLUMNS = ['request_id', 'spend', 'messages', 'user', 'metadata', 'response', 'last'];

/** As wal2json writes it, up to the order of members. */
function insert(columns: readonly (readonly [name: string, value: unknown])[]): Buffer {
  const all = columns.map(([name, value]) => `{"name":${JSON.stringify(name)},"value":${JSON.stringify(value)}}`);
  const head =
    '{"action":"I","timestamp":"2026-11-23 18:48:07.1+00","lsn":"0/1","schema":"public","table":"LiteLLM_SpendLogs"';
  return Buffer.from(`${head},"columns":[${all.join(',')}]}`);
}

function decoderFor(names: readonly string[], needless?: WantedColumns['needless']): Wal2JsonDecoder {
  const columns = { [TABLE]: needless === undefined ? { names } : { names, needless } };
  return new Wal2JsonDecoder(wantedRelations({ schema: 'public', tables: [TABLE], columns }));
}

function rowOf(decoder: Wal2JsonDecoder, message: Buffer): unknown {
  const change = decoder.decode(message);
  return change?.kind === 'insert' ? { ...change.row } : change;
}

/** Values that look like the text between them, among those that any row may have. */
const value: fc.Arbitrary<ColumnValue> = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\\"',
    'a\\',
    '},{"name":"spend","value":7',
    ']}',
    '{"name":"user","value":"x"}',
    'ü',
    '🦀"\\',
    '}]}'.repeat(60),
    `${'x'.repeat(200)}},{"name":"user","value":null}]}`,
  ),
  fc.json(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const row = fc.tuple(...COLUMNS.map((name) => value.map((one) => [name, one] as const)));

describe('inserts of which some columns are wanted', () => {
  it('give those columns just as reading the whole message does, whatever the values are', () => {
    fc.assert(
      fc.property(fc.subarray(COLUMNS), fc.array(row, { minLength: 2, maxLength: 6 }), (wanted, rows) => {
        const decoder = decoderFor(wanted);
        const whole = new Wal2JsonDecoder();
        for (const columns of rows) {
          const message = insert(columns);
          const all = rowOf(whole, message) as Record<string, unknown>;
          const expected = Object.fromEntries(wanted.map((name) => [name, all[name]]));
          expect(rowOf(decoder, message)).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leave out a column that another one makes needless, be it before or after it', () => {
    const status = fc.constantFrom('success', 'failure', null);
    const cases = fc.array(fc.tuple(value, status), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(cases, fc.boolean(), (rows, after) => {
        const decoder = decoderFor(['status', 'metadata'], { name: 'metadata', where: 'status', is: 'success' });
        for (const [metadata, status] of rows) {
          const columns = [['status', status] as const, ['metadata', metadata] as const];
          const message = insert([...(after ? columns.reverse() : columns), ['last', 1]]);
          const whole = rowOf(new Wal2JsonDecoder(), message) as Record<string, unknown>;
          const expected = status === 'success' ? { status } : { status, metadata: whole.metadata };
          expect(rowOf(decoder, message)).toEqual(expected);
        }
      }),
    );
  });

  it.each([
    ['a column is added at the end', ['a', 'user', 'z', 'spend']],
    ['a wanted column goes', ['a', 'z']],
    ['the last column goes', ['a', 'user']],
    ['an unwanted column goes', ['user', 'z']],
    ['the order changes', ['z', 'user', 'a']],
    ['a wanted column is renamed, and another takes its name', ['user', 'a', 'z']],
  ])('are read right when the table changes: %s', (_, names) => {
    const decoder = decoderFor(['user', 'spend']);
    const of = (all: readonly string[]) => insert(all.map((name) => [name, `value of ${name}`]));
    const expected = (all: readonly string[]) =>
      Object.fromEntries(
        all.filter((name) => ['user', 'spend'].includes(name)).map((name) => [name, `value of ${name}`]),
      );
    const before = ['a', 'user', 'z'];
    for (const all of [before, before, names, names, before]) expect(rowOf(decoder, of(all))).toEqual(expected(all));
  });

  it('reads numbers that no double holds as parsing does', () => {
    const decoder = decoderFor(['spend']);
    const of = (number: string) =>
      Buffer.from(
        insert([['spend', 0]])
          .toString()
          .replace('"value":0', `"value":${number}`),
      );
    const whole = new Wal2JsonDecoder();
    for (const number of ['0', '1e999', '-1e999', '12345678901234567890', '-0', '1e-7', '0.1']) {
      expect(rowOf(decoder, of(number))).toEqual(rowOf(whole, of(number)));
    }
  });

  it('survives any damage, and reads the next message as if nothing had been (W10)', () => {
    const decoder = decoderFor(['user', 'spend']);
    const sound = insert([
      ['spend', 1.5],
      ['messages', '{"role":"user"}'],
      ['user', 'secret'],
    ]);
    decoder.decode(sound);
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(sound);
        damaged[at] = byte;
        decoder.decode(damaged);
        decoder.decode(damaged.subarray(0, at));
        expect(rowOf(decoder, sound)).toEqual({ spend: 1.5, user: 'secret' });
      }),
    );
  });

  it('keeps nothing of a message alive but the values (W9)', () => {
    const decoder = decoderFor(['user']);
    const large = insert([
      ['messages', 'p'.repeat(1_000_000)],
      ['user', 'a user with a name'],
    ]);
    decoder.decode(large);
    const before = heapInUse();
    const kept = Array.from({ length: 50 }, () => decoder.decode(large));
    expect(heapInUse() - before).toBeLessThan(5_000_000);
    expect(kept).toHaveLength(50);
  });
});

/** Bytes of the heap that are still needed: the collector is made to run first. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
