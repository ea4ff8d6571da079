import type { SourceIdentity } from '@app/change';
import type { SlotWatch } from '@app/litellm';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresFlavor, type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import { replicationClient, sqlClient } from '../../../test/support/replication-session.js';

jest.setTimeout(120_000);

const KIB = 1_024;

/** What anybody may see of where the rows come from. */
function pick({ systemId, database, schema }: SourceIdentity) {
  return { systemId, database, schema };
}

/** Writes at least so many bytes of log, nothing of which any table holds. */
async function writeLog({ sql }: GivenUpstream, kib: number): Promise<void> {
  for (let written = 0; written < kib; written += 64) {
    await sql.query("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 65536))");
  }
}

describe.each(['debian-15', 'embedded-18'] as const)('the watch over a slot, %s', (flavor: PostgresFlavor) => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ flavor });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  async function given() {
    const one = await givenUpstream(server, { plugin: 'pgoutput' });
    const watches: SlotWatch[] = [];
    const watch = (): SlotWatch => {
      const made = one.upstream().watchSlot();
      watches.push(made);
      return made;
    };
    const make = (plugin = 'pgoutput') =>
      one.sql.query('SELECT pg_create_logical_replication_slot($1, $2)', [one.options.slot, plugin]);
    const exists = async () =>
      (await one.sql.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [one.options.slot])).rowCount === 1;
    const dispose = async () => {
      await Promise.all(watches.map((each) => each.close()));
      await one[Symbol.asyncDispose]();
    };
    return { one, watch, make, exists, [Symbol.asyncDispose]: dispose };
  }

  it('W11: sees slot and end of the log without a claim, and is not in the way of one', async () => {
    await using at = await given();
    const watch = at.watch();
    expect((await watch.look()).slot).toBeNull();
    await at.make();
    await writeLog(at.one, 128);
    const { slot, walEnd, inRecovery, source } = await watch.look();
    expect(slot).toMatchObject({ name: at.one.options.slot, plugin: 'pgoutput' });
    expect(Number(walEnd - (slot?.confirmedFlush ?? 0n))).toBeGreaterThan(128 * KIB);
    expect(inRecovery).toBe(false);
    const session = await at.one.connect();
    expect(source).toEqual(pick(session.facts.source));
    await session.close();
    await at.one.connect();
    expect((await watch.look()).slot).not.toBeNull();
  });

  it('W11: drops a slot that lags further than the limit, and no other', async () => {
    await using at = await given();
    await at.make();
    await writeLog(at.one, 128);
    const watch = at.watch();
    expect(await watch.drop(64 * KIB * KIB, { endHolder: false })).toBe('kept');
    expect(await at.exists()).toBe(true);
    expect(await watch.drop(64 * KIB, { endHolder: false })).toBe('dropped');
    expect(await at.exists()).toBe(false);
    expect(await watch.drop(64 * KIB, { endHolder: false })).toBe('kept');
  });

  it.each([false, true])(
    'of two watches that drop one slot at a time, one says so (endHolder: %s)',
    async (endHolder) => {
      await using at = await given();
      for (let count = 0; count < 10; count += 1) {
        await at.make();
        await writeLog(at.one, 128);
        const drops = await Promise.allSettled(
          [at.watch(), at.watch()].map((watch) => watch.drop(64 * KIB, { endHolder })),
        );
        expect(await at.exists()).toBe(false);
        // A watch that was ended by the other one while it dropped the slot can't tell.
        const told = drops.filter((drop) => drop.status === 'fulfilled' && drop.value === 'dropped');
        expect(told.length).toBeLessThan(2);
        if (drops.every(({ status }) => status === 'fulfilled')) expect(told).toHaveLength(1);
      }
    },
  );

  it('W11: a slot of the name that is not ours is left alone', async () => {
    await using at = await given();
    await at.make('test_decoding');
    await writeLog(at.one, 128);
    expect(await at.watch().drop(1, { endHolder: true })).toBe('kept');
    expect(await at.exists()).toBe(true);
  });

  it('W11: a session that holds the claim keeps its slot, unless it is to be ended', async () => {
    await using at = await given();
    const session = await at.one.connect();
    await at.make();
    await writeLog(at.one, 128);
    const watch = at.watch();
    expect(await watch.drop(64 * KIB, { endHolder: false })).toBe('held');
    expect(await at.exists()).toBe(true);
    expect(await watch.drop(64 * KIB, { endHolder: true })).toBe('dropped');
    expect(await at.exists()).toBe(false);
    expect((await session.lost).message).toMatch(/terminat|administrator|lost/i);
    expect(at.one.reported.join()).toMatch(/ending the session with pid \d+, which holds the claim/);
  });

  it('W11: a fresh leader that took the claim in between keeps the slot it has just made', async () => {
    await using at = await given();
    await at.make();
    await writeLog(at.one, 128);
    const watch = at.watch();
    const before = await watch.look();
    expect(Number(before.walEnd - (before.slot?.confirmedFlush ?? 0n))).toBeGreaterThan(64 * KIB);
    const fresh = await at.one.connect();
    await fresh.dropSlot();
    await at.make();
    await fresh.close();
    // What was seen is out of date; what the statement sees decides.
    expect(await watch.drop(64 * KIB, { endHolder: false })).toBe('kept');
    expect(await at.exists()).toBe(true);
  });

  it('W11: who holds the claim is not ended where the slot does not lag any more, or is not ours', async () => {
    await using at = await given();
    const leader = await at.one.connect();
    await at.make();
    const watch = at.watch();
    expect(await watch.drop(64 * KIB, { endHolder: true })).toBe('kept');
    await at.one.sql.query('SELECT pg_drop_replication_slot($1)', [at.one.options.slot]);
    await at.make('test_decoding');
    await writeLog(at.one, 128);
    expect(await watch.drop(64 * KIB, { endHolder: true })).toBe('kept');
    expect((await watch.look()).slot).toBeNull();
    expect(at.one.reported.join()).not.toContain('ending the session');
    await leader.figures();
  });

  it('W11: a walsender of somebody who takes no claim is ended before its slot is dropped', async () => {
    await using at = await given();
    await at.make();
    await at.one.sql.query('CREATE PUBLICATION everything FOR ALL TABLES');
    const { database, slot } = at.one.options;
    const consumer = await replicationClient(server.url(database));
    const ended = consumer
      .query(`START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '1', publication_names 'everything')`)
      .catch((error: Error) => error.message);
    await awaitUntil(async () => (await at.watch().look()).slot?.active, { what: 'an active slot' });
    await writeLog(at.one, 128);
    const watch = at.watch();
    await awaitUntil(async () => (await watch.drop(64 * KIB, { endHolder: true })) === 'dropped', { timeout: 20_000 });
    expect(await ended).toMatch(/terminat/);
  });

  it('W11: names the oldest transaction that has written, of whatever database and role', async () => {
    await using at = await given();
    const watch = at.watch();
    expect(await watch.oldestTransaction()).toBeNull();
    const other = await sqlClient(server.url());
    try {
      await other.query('BEGIN; SELECT pg_current_xact_id()');
      const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      expect(await watch.oldestTransaction()).toMatch(new RegExp(`^pid ${rows[0]?.pid} `));
    } finally {
      await other.end();
    }
  });

  it('connects again after its connection was ended', async () => {
    await using at = await given();
    const watch = at.watch();
    await watch.look();
    await at.one.sql.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await awaitUntil(
      () =>
        watch.look().then(
          () => true,
          () => false,
        ),
      { what: 'another look' },
    );
  });
});
