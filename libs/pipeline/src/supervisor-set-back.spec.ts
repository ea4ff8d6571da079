import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { outlivingStore } from '../../../test/support/faulty-store.js';
import { type GivenPipeline, givenPipeline, read, spend } from '../../../test/support/given-pipeline.js';

/** Rows of the only model that the specs book. */
function rows(pipeline: GivenPipeline): number | undefined {
  return read(pipeline.state, 'spend_by_model', 'gpt-5')?.rows;
}

/** Commits rows, and waits until they are counted. */
async function count(pipeline: GivenPipeline, server: FakePostgres, transactions: number): Promise<void> {
  for (let done = 0; done < transactions; done += 1) server.commit([spend()]);
  await pipeline.caughtUp();
}

/** A server and a store as an exporter leaves them that has counted a few rows; what its disk held after the first one. */
async function givenState(more: number) {
  const server = new FakePostgres();
  const store = outlivingStore();
  const before = givenPipeline(server, { store });
  await before.streaming();
  await count(before, server, 1);
  const disk = server.snapshotOfDisk();
  await count(before, server, more);
  return { server, store, before, disk };
}

describe('the supervisor, of a server whose disk was set back', () => {
  it('W5: seeds anew once the log has passed the claim, though it has passed the state as well', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server, { store: outlivingStore() });
    await pipeline.streaming();
    await count(pipeline, server, 1);
    const disk = server.snapshotOfDisk();
    await count(pipeline, server, 20);
    pipeline.upstream.breakOff();
    await pipeline.streaming(2);
    server.setBack(disk);
    pipeline.upstream.breakOff();
    const said = (text: string): boolean => pipeline.told.of('error').join().includes(text);
    await awaitUntil(() => said("the server's log has gone back"), { what: 'the word that it has' });
    expect(pipeline.told.of('fenced')).toEqual([]);
    for (let written = 0; written < 40; written += 1) server.commit([spend()]);
    await awaitUntil(() => pipeline.told.of('seedStarted').length === 2, { what: 'a new seed' });
    await pipeline.streaming(3);
    await count(pipeline, server, 1);
    expect(pipeline.told.of('seedStarted')).toEqual([['first'], ['state_ahead_of_server']]);
    expect(rows(pipeline)).toBe(42);
  });

  it('W5: seeds anew where more was written meanwhile than was lost', async () => {
    const { server, store, before, disk } = await givenState(3);
    await before.stop();
    server.setBack(disk);
    for (let written = 0; written < 40; written += 1) server.commit([spend()], { gap: 80 });
    await using after = givenPipeline(server, { store });
    await awaitUntil(() => after.told.of('seedStarted').length === 1, { what: 'a new seed' });
    await count(after, server, 1);
    expect(after.told.of('seedStarted')).toEqual([['state_ahead_of_server']]);
    expect(after.told.lines.join()).toMatch(/not the one that the state was made of/);
    expect(rows(after)).toBe(42);
  });

  it('W5: seeds anew where nothing was lost that was counted, and something written that was not', async () => {
    const { server, store, before, disk } = await givenState(0);
    for (let written = 0; written < 9; written += 1) server.message('of somebody', 'else');
    const end = server.walEnd;
    await awaitUntil(() => (store.checkpoint?.next ?? 0n) >= end, { what: 'the idle end of the log' });
    await before.stop();
    server.setBack(disk);
    server.commit([spend()]);
    for (let written = 0; written < 20; written += 1) server.message('of somebody', 'else');
    await using after = givenPipeline(server, { store });
    await awaitUntil(() => after.told.of('seedStarted').length === 1, { what: 'a new seed' });
    await count(after, server, 1);
    expect(rows(after)).toBe(3);
  });

  it('W2: confirms nothing before the log is known to be the same, and drops what comes again', async () => {
    const server = new FakePostgres();
    const store = outlivingStore();
    const before = givenPipeline(server, { store });
    await before.streaming();
    await count(before, server, 3);
    await before.stop();
    // A crash of the server forgets what its slot had not saved.
    if (server.slot !== null) server.slot.confirmed = server.seeds[0]?.consistentPoint ?? server.slot.confirmed;
    await using after = givenPipeline(server, { store });
    await after.streaming();
    await count(after, server, 1);
    expect(after.told.of('seedStarted')).toEqual([]);
    expect(rows(after)).toBe(4);
  });
});
