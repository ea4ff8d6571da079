import { describe, expect, it } from '@jest/globals';
import type { PostgresOptions } from './options.js';
import { checkServer, versionText } from './server-check.js';
import type { ServerFacts } from './server-facts.js';

const options: PostgresOptions = {
  host: 'db',
  port: 5432,
  database: 'litellm',
  user: 'exporter',
  sslMode: 'prefer',
  schema: 'public',
  slot: 'litellm_exporter_litellm',
  plugin: 'auto',
  publication: 'litellm_exporter',
  temporarySlot: false,
  failover: false,
};
const server: ServerFacts = {
  version: 150_020,
  inRecovery: false,
  walLevel: 'logical',
  maxSlots: 10,
  usedSlots: 0,
  maxSlotWalKeepSize: 1_000,
  idleSlotTimeout: 0,
  outputPlugins: null,
  role: 'exporter',
  mayCreate: false,
  sameBackend: true,
  schemaExists: true,
  schemaUsable: true,
};
const kinds = (changes: Partial<ServerFacts>) =>
  checkServer({ ...server, ...changes }, options, null).failures.map((failure) => failure.kind);

describe('the checks of the server', () => {
  it('find nothing to say of one that is set up', () => {
    expect(checkServer(server, options, null)).toEqual({ failures: [], warnings: [] });
    expect(versionText(150_020)).toBe('15.20');
  });

  it.each<[Partial<ServerFacts>, string]>([
    [{ version: 130_022 }, 'server-unsupported'],
    [{ sameBackend: false }, 'server-unsupported'],
    [{ inRecovery: true }, 'server-in-recovery'],
    [{ walLevel: 'replica' }, 'wal-level'],
    [{ usedSlots: 10 }, 'slots-exhausted'],
    [{ schemaExists: false, schemaUsable: false }, 'table-missing'],
    [{ schemaUsable: false }, 'privilege-missing'],
  ])('%j is %s, with a remedy', (changes, kind) => {
    expect(kinds(changes)).toEqual([kind]);
    expect(checkServer({ ...server, ...changes }, options, null).failures[0]?.remedy).toMatch(/\w/);
  });

  it('warn of what can fill a disk or lose a slot, where a slot stays', () => {
    const risky = { ...server, maxSlotWalKeepSize: -1, idleSlotTimeout: 600 };
    expect(checkServer(risky, options, null).warnings).toEqual([
      expect.stringContaining('max_slot_wal_keep_size'),
      expect.stringContaining('idle_replication_slot_timeout is 600 s'),
    ]);
    expect(checkServer(risky, { ...options, temporarySlot: true }, null).warnings).toEqual([]);
  });

  it('refuse a failover slot by name where the server is older than 17, which has none', () => {
    const { failures } = checkServer({ ...server, version: 160_009 }, { ...options, failover: true }, null);
    expect(failures.map((failure) => failure.explain())).toEqual([
      expect.stringMatching(
        /REPLICATION_FAILOVER .* from 17 on; the server is 16\.9.*leave REPLICATION_FAILOVER unset/s,
      ),
    ]);
    expect(checkServer({ ...server, version: 170_000 }, { ...options, failover: true }, null).failures).toEqual([]);
  });
});
