import type { Lsn } from '@app/change';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { checkpointAt, StepMaker } from '../../../../test/contracts/state-steps.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { describeOnValkey } from '../../../../test/support/describe-on-valkey.js';
import { type RedisFlavor, type RedisServer, startRedis } from '../../../../test/support/redis-server.js';
import { decodeCheckpoint, encodeCheckpoint } from './codec/checkpoint.js';
import type { RedisStateStore } from './redis-state-store.js';

const PATIENCE = { timeout: 20_000, interval: 10 };

/** A server with a store on it that has a first generation. */
class Durable implements AsyncDisposable {
  readonly maker = new StepMaker();
  readonly warnings: string[] = [];
  readonly deployment: RedisDeployment;
  readonly store: RedisStateStore;

  private constructor(
    readonly server: RedisServer,
    durableAfter: number,
    options: ConstructorParameters<typeof RedisDeployment>[1] = {},
  ) {
    const log = { debug: () => {}, warn: (message: string) => void this.warnings.push(message) };
    this.deployment = new RedisDeployment(server, { log, ...options });
    this.store = this.deployment.store({ options: { tuning: { durableAfter, unsyncedAfter: 0 } } });
  }

  /** A user who may not ask for settings gets the rights that the documents name, and no others. */
  static async open(
    flavor: RedisFlavor,
    settings: Readonly<Record<string, string>>,
    { durableAfter = 3_600_000, leastRights = false } = {},
  ): Promise<Durable> {
    const server = await startRedis({ flavor, settings });
    const url = server.url.replace('//', '//exporter:secret@');
    const durable = new Durable(server, durableAfter, leastRights ? { url } : {});
    const rights = '+@read +@write +@scripting +@connection +info ~*'.split(' ');
    await durable.deployment.client.acl('SETUSER', 'exporter', 'on', '>secret', ...rights);
    await durable.store.open();
    await durable.store.claim(durable.maker.epoch);
    await durable.store.replace(durable.maker.generation());
    return durable;
  }

  async step(): Promise<Lsn> {
    const step = this.maker.step();
    await this.store.commit(step);
    return step.checkpoint.next;
  }

  /** What is stored now. */
  async stored(): Promise<Lsn> {
    const checkpoint = await this.deployment.client.hget(this.deployment.key('meta'), 'checkpoint');
    return decodeCheckpoint(String(checkpoint)).next;
  }

  async is(position: Lsn): Promise<void> {
    const what = `${position} to be durable`;
    await awaitUntil(async () => (await this.store.durable()) === position, { ...PATIENCE, what });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deployment.close();
    await this.server[Symbol.asyncDispose]();
  }
}

describeOnValkey('W2: what survives a crash of a server that knows WAITAOF', () => {
  it('is what it has synced, whatever kills it and whenever: nothing younger counts, and nothing that counts is lost', async () => {
    await using durable = await Durable.open('valkey', {});
    for (let crash = 0; crash < 5; crash++) {
      await durable.step();
      let durableThen = (await durable.store.durable()) ?? 0n;
      // A store that goes on all the time: the crash comes between a step and its sync.
      for (let steps = 0; steps < 20 * crash; steps++) await durable.step();
      durableThen = (await durable.store.durable()) ?? durableThen;
      for (let steps = 0; steps < 5; steps++) await durable.step();
      await durable.server.stop('SIGKILL');
      await durable.server.restart();
      expect(await durable.stored()).toBeGreaterThanOrEqual(durableThen);
      await awaitUntil(() => durable.store.refresh().then(() => true), PATIENCE);
    }
    // What was not durable yet may be gone: a server writes nothing while a sync takes its time.
    expect(durable.warnings.filter((warning) => !warning.includes('the state is stored once more'))).toEqual([]);
  });

  it('is nothing new while it does not sync, however long ago it was stored, and what was stored once it does', async () => {
    await using durable = await Durable.open('valkey', {}, { durableAfter: 0, leastRights: true });
    const before = await durable.step();
    await durable.is(before);
    await durable.deployment.client.config('SET', 'appendfsync', 'no');
    const after = await durable.step();
    for (let asked = 0; asked < 2; asked++) expect(await durable.store.durable()).toBe(before);
    expect(durable.warnings).toEqual([expect.stringMatching(/does not sync.*appendfsync to everysec/)]);
    await durable.deployment.client.config('SET', 'appendfsync', 'everysec');
    await durable.is(after);
  });

  it('is told by age, with a warning, where it is told never to sync and lets itself be asked', async () => {
    await using durable = await Durable.open('valkey', { appendfsync: 'no' }, { durableAfter: 0 });
    await durable.is(await durable.step());
    expect(durable.warnings).toEqual([expect.stringContaining('appendfsync no')]);
  });

  it('is told by age where it keeps no append-only file, and by sync once it keeps one and is connected to again', async () => {
    await using durable = await Durable.open('valkey', { appendonly: 'no' }, { durableAfter: 200 });
    await durable.is(await durable.step());
    const { client } = durable.deployment;
    await client.config('SET', 'appendonly', 'yes');
    await client.config('SET', 'appendfsync', 'always');
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await awaitUntil(() => durable.store.refresh().then(() => true), PATIENCE);
    await durable.is(await durable.step());
  });
});

describe('W2: what survives a crash of a server that does not know WAITAOF, or keeps no file', () => {
  let durable: Durable;
  beforeEach(async () => {
    durable = await Durable.open('redis', { appendonly: 'no' }, { durableAfter: 300 });
  });
  afterEach(async () => {
    await durable[Symbol.asyncDispose]();
  });

  it('is what was stored long enough ago, and not a moment before', async () => {
    const stored = performance.now();
    const next = await durable.step();
    const asked = await durable.store.durable();
    if (performance.now() - stored < 300) expect(asked).not.toBe(next);
    await durable.is(next);
    expect(performance.now() - stored).toBeGreaterThanOrEqual(300);
  });

  it('is never more than the server still holds', async () => {
    await durable.is(await durable.step());
    const held = checkpointAt(durable.maker.next - 50);
    const next = await durable.step();
    await durable.deployment.client.hset(durable.deployment.key('meta'), 'checkpoint', encodeCheckpoint(held));
    await durable.is(held.next);
    expect(held.next).toBeLessThan(next);
  });

  it('is the last known one while the server does not answer, and nothing where nothing is stored', async () => {
    const next = await durable.step();
    await durable.is(next);
    const empty = new RedisDeployment(durable.server);
    expect(await empty.store().durable()).toBeNull();
    await empty.close();
    await durable.server.stop('SIGKILL');
    expect(await durable.store.durable()).toBe(next);
  });
});
