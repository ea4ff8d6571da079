import { lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { claimOf } from '../claim.js';
import { BaseWriter } from './base-writer.js';
import { entryId, StoreKeys } from './keys.js';
import type { RedisConnection } from './redis-connection.js';
import type { ScriptCall } from './scripts/index.js';

const EPOCH = { lineage: '7/1', position: lsnOf(1n) };

/** A writer, and what it asks of a connection that answers every script with success. */
function given(): { writer: BaseWriter; calls: ScriptCall[] } {
  const calls: ScriptCall[] = [];
  const script = async (_name: string, call: ScriptCall) => {
    calls.push(call);
    return ['DONE'];
  };
  const connection = { lifetime: 1, script } as unknown as RedisConnection;
  return { writer: new BaseWriter(connection, new StoreKeys('spec'), 256), calls };
}

describe('the writer of a base', () => {
  it.each([0, 1, 16, 17, 1_002])(
    'drops the %d staged parts of folded entries few at a time, and the entries last',
    async (many) => {
      const { writer, calls } = given();
      const parts = Array.from({ length: many }, (_, at) => `part ${at}`);
      const run = writer.begin(EPOCH, claimOf(EPOCH), 'generation');
      await writer.advance(run, { version: 7, clock: 0 }, { keep: 5, parts });
      expect(calls.flatMap(({ keys }) => keys.slice(2))).toEqual(parts);
      expect(Math.max(...calls.map(({ keys }) => keys.length - 2))).toBeLessThanOrEqual(16);
      // Parts of an entry that has gone would never be found again.
      expect(calls.map(({ args }) => args.at(-1))).toEqual([...calls.slice(1).map(() => entryId(0)), entryId(5)]);
    },
  );
});
