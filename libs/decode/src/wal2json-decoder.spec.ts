import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wantedRelations } from './relation-names.js';
import { Wal2JsonDecoder } from './wal2json-decoder.js';

const decode = (message: unknown, decoder = new Wal2JsonDecoder()) =>
  decoder.decode(Buffer.from(JSON.stringify(message)));
const insert = (table: string, columns: readonly object[] = []) => ({ action: 'I', schema: 'public', table, columns });

describe('Wal2JsonDecoder', () => {
  it('never throws, whatever the bytes are (W10)', () => {
    const decoder = new Wal2JsonDecoder();
    const shapes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record(
          {
            action: fc.constantFrom('I', 'U', 'D', 'B', 'C', 'T', 'M', 'X', 1, null),
            lsn: fc.oneof(fc.string(), fc.constantFrom('0/1', 7)),
            nextlsn: fc.oneof(fc.string(), fc.constantFrom('0/2', null)),
            timestamp: fc.oneof(fc.string(), fc.constant('2026-01-01 00:00:00+00')),
            schema: fc.oneof(fc.string(), fc.constant(1)),
            table: fc.string(),
            columns: fc.oneof(fc.jsonValue(), fc.array(fc.record({ name: fc.string(), value: fc.jsonValue() }))),
            identity: fc.oneof(fc.jsonValue(), fc.array(fc.record({ name: fc.string(), value: fc.jsonValue() }))),
          },
          { requiredKeys: [] },
        )
        .map((message) => Buffer.from(JSON.stringify(message))),
    );
    fc.assert(
      fc.property(shapes, (bytes) => {
        const change = decoder.decode(bytes);
        expect(change === null || typeof change.kind === 'string').toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('survives any damage of a sound message, and reads the next one as if nothing had been', () => {
    const decoder = new Wal2JsonDecoder();
    const sound = Buffer.from(JSON.stringify(insert('t', [{ name: 'a', value: 'secret' }])));
    fc.assert(
      fc.property(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(sound);
        damaged[at] = byte;
        decoder.decode(damaged);
        expect(decoder.decode(sound)).toMatchObject({ kind: 'insert', row: { a: 'secret' } });
      }),
    );
  });

  it('says of a rejected message how long it is and what is wrong, and nothing of what it holds', () => {
    const broken = Buffer.from('{"action":"I","schema":"public","table":"t","columns":[{"name":"a","value":secret}]}');
    expect(new Wal2JsonDecoder().decode(broken)).toEqual({
      kind: 'rejected',
      reason: 'undecodable_message',
      detail: 'wal2json message of 84 bytes: SyntaxError',
    });
  });

  it('reads a row whose text is not valid UTF-8, with replacement characters', () => {
    const [head, tail] = JSON.stringify(insert('t', [{ name: 'a', value: '#' }])).split('#');
    const bytes = Buffer.concat([Buffer.from(head!), Buffer.from([0xff, 0xfe]), Buffer.from(tail!)]);
    expect(new Wal2JsonDecoder().decode(bytes)).toMatchObject({ kind: 'insert', row: { a: '\uFFFD\uFFFD' } });
  });

  it.each([
    [15, true],
    [50, false],
  ])('reads a row of %s MB, and keeps its prompt: %s', (megabytes, kept) => {
    const text = 'p'.repeat(megabytes * 1024 * 1024);
    const change = decode(
      insert('t', [
        { name: 'prompt', value: text },
        { name: 'spend', value: 2 },
      ]),
    );
    expect(change).toMatchObject({ kind: 'insert', row: { spend: 2 } });
    expect(change?.kind === 'insert' && 'prompt' in change.row).toBe(kept);
  });

  it('takes a column of any name, also one that objects have by themselves', () => {
    const names = ['constructor', 'toString', '__proto__', ''];
    const change = decode(
      insert(
        't',
        names.map((name) => ({ name, value: name })),
      ),
    );
    expect(change?.kind === 'insert' && Object.keys(change.row)).toEqual(names);
  });

  it('drops tables that were not asked for, and the left-over of a conversion to partitions', () => {
    const partitions = { LiteLLM_SpendLogs: ['odd_name'] };
    const decoder = new Wal2JsonDecoder(
      wantedRelations({ schema: 'public', tables: ['LiteLLM_SpendLogs', 'other'], partitions }),
    );
    const tables = ['LiteLLM_SpendLogs', 'LiteLLM_SpendLogs_p20260101', 'odd_name', 'other'];
    const named = [...tables, 'LiteLLM_SpendLogs_legacy', 'LiteLLM_SpendLogToolIndex', 'other_x'].map((table) => {
      const change = decode(insert(table), decoder);
      return change?.kind === 'insert' ? change.relation.table : null;
    });
    const parent = 'LiteLLM_SpendLogs';
    expect(named).toEqual([parent, parent, parent, 'other', null, null, null]);
    expect(decode({ ...insert('other'), schema: 'elsewhere' }, decoder)).toBeNull();
  });

  it('reads commit times with any zone and with microseconds as fraction', () => {
    const time = (timestamp: string) => {
      const change = decode({ action: 'B', lsn: '16/B374D848', timestamp });
      return change?.kind === 'begin' ? change.commitTime : change;
    };
    expect(time('2026-11-23 18:48:07.123456+00')).toBe(1795459687123.456);
    expect(time('2026-11-23 18:48:07+00')).toBe(1795459687000);
    expect(time('2026-11-24 03:33:07.1+08:45')).toBe(1795459687100);
    expect(time('2026-11-23 13:18:07.000001-05:30')).toBe(1795459687000.001);
    expect(time('yesterday')).toMatchObject({ kind: 'rejected' });
  });
});
