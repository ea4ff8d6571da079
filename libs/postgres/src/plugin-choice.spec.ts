import { ExporterFailure, formatLsn, lsnOf, type SlotFacts } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { allowedPlugins, choosePlugin } from './plugin-choice.js';
import { verdictOf } from './plugin-probe.js';
import { createSlotStatement } from './slot.js';
import { checkSlotIsOurs } from './slot-check.js';
import { switchPoints } from './source-facts.js';

const refusal = new ExporterFailure({ kind: 'plugin-refused', message: 'no' });
const slot: SlotFacts = {
  name: 's',
  plugin: 'wal2json',
  database: 'litellm',
  temporary: false,
  active: false,
  activePid: null,
  restartLsn: null,
  confirmedFlush: null,
  walStatus: null,
  safeWalBytes: null,
  invalidationReason: null,
};
const noProbe = async () => {
  throw new Error('probed');
};

describe('the plugin', () => {
  it('under auto is the existing slot’s, else wal2json where it may be used, else pgoutput', async () => {
    const base = { wanted: 'auto', allowed: null } as const;
    expect(await choosePlugin({ ...base, slot: { ...slot, plugin: 'pgoutput' }, probe: noProbe })).toBe('pgoutput');
    expect(await choosePlugin({ ...base, slot: null, probe: async () => null })).toBe('wal2json');
    expect(await choosePlugin({ ...base, slot: null, probe: async () => refusal })).toBe('pgoutput');
  });

  it('of a slot that worked is refused by name when a minor update has taken it off the list', async () => {
    const allowed = 'pgoutput, test_decoding';
    await expect(choosePlugin({ wanted: 'auto', slot, allowed, probe: noProbe })).rejects.toMatchObject({
      kind: 'plugin-refused',
      remedy: expect.stringContaining("'pgoutput', 'test_decoding', 'wal2json'"),
    });
    expect(await choosePlugin({ wanted: 'auto', slot, allowed: '"wal2json"', probe: noProbe })).toBe('wal2json');
    expect(allowedPlugins(' a, "b" ,c ')).toEqual(['a', 'b', 'c']);
  });

  it('that is asked for is taken or refused, never exchanged', async () => {
    const probe = async () => refusal;
    await expect(choosePlugin({ wanted: 'wal2json', slot: null, allowed: null, probe })).rejects.toBe(refusal);
  });

  it.each([
    ['55P03', 'canceling statement due to lock timeout', null],
    ['58P01', 'could not access file "wal2json"', 'plugin-refused'],
    ['42501', 'library "wal2json" may not be used as an output plugin', 'plugin-refused'],
    ['42501', 'must be superuser or replication role to use replication slots', 'privilege-missing'],
    ['53400', 'all replication slots are in use', 'slots-exhausted'],
  ])('a probe that ends with %s %s', (code, message, kind) => {
    const verdict = verdictOf(Object.assign(new Error(message), { code }), 'wal2json');
    expect(verdict?.kind ?? null).toBe(kind);
  });
});

describe('the slot', () => {
  it('is ours only when it is logical, of this database, with a plugin that we read', () => {
    const options = { database: 'litellm', temporarySlot: false };
    expect(checkSlotIsOurs(slot, options)).toBeNull();
    expect(checkSlotIsOurs(null, options)).toBeNull();
    for (const change of [{ database: null, plugin: null }, { database: 'other' }, { plugin: 'test_decoding' }]) {
      expect(checkSlotIsOurs({ ...slot, ...change }, options)?.kind).toBe('slot-foreign');
    }
  });

  it('W11: of an exporter without Redis is never one that stays, and what is said names its position and both ways out', () => {
    const options = { database: 'litellm', temporarySlot: true };
    expect(checkSlotIsOurs({ ...slot, temporary: true }, options)).toBeNull();
    const kept = checkSlotIsOurs({ ...slot, confirmedFlush: lsnOf(0x1_0000_00ffn) }, options);
    expect(kept).toMatchObject({
      kind: 'slot-foreign',
      section: '#slots',
      message: expect.stringMatching(
        /^slot "s" is a permanent one, confirmed up to 1\/FF: .*an empty one counts as unset/,
      ),
      remedy: expect.stringMatching(/^set REDIS_URL .* REPLICATION_SLOT .* SELECT pg_drop_replication_slot\('s'\);$/),
    });
    expect(checkSlotIsOurs(slot, options)?.message).toMatch(/confirmed up to nothing yet/);
  });

  it('is made by the words of each version', () => {
    const wish = { name: 'a"b', plugin: 'pgoutput', temporary: true, failover: true, version: 140_011 } as const;
    expect(createSlotStatement(wish)).toBe('CREATE_REPLICATION_SLOT "a""b" TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT');
    expect(createSlotStatement({ ...wish, version: 180_000 })).toBe(
      `CREATE_REPLICATION_SLOT "a""b" TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')`,
    );
    expect(createSlotStatement({ ...wish, temporary: false, version: 170_000 })).toContain(
      `(SNAPSHOT 'export', FAILOVER)`,
    );
    expect(createSlotStatement({ ...wish, temporary: false, version: 160_000 })).not.toContain('FAILOVER');
  });
});

describe('a timeline history', () => {
  it('tells where each earlier timeline was left', () => {
    const points = switchPoints('1\t0/3000060\tno recovery target specified\n\n2\t1A/5000000\tat restore point "x"\n');
    expect([...points].map(([timeline, point]) => [timeline, formatLsn(point)])).toEqual([
      [1, '0/3000060'],
      [2, '1A/5000000'],
    ]);
    expect(switchPoints('# nothing\n').size).toBe(0);
  });
});
