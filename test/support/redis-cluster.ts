import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { awaitUntil } from './await-until.js';
import { type RedisServer, startRedis } from './redis-server.js';

const NODES = 3;
const FAR = 600_000;

/** A Redis Cluster of three primaries for specs. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** The node that owns the slot of a key. */
  ownerOf(key: string): Promise<RedisServer>;
  /** Resolves when all nodes find all slots in order. */
  whole(): Promise<void>;
  /** Moves the slot of a key, with all that is in it, to another node. */
  move(key: string, to: RedisServer): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts three servers and makes a cluster of them. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const cluster = new LocalCluster();
  try {
    for (let node = 0; node < NODES; node++) await cluster.add();
    await cluster.create();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

class LocalCluster implements RedisCluster {
  readonly nodes: RedisServer[] = [];
  readonly #clients = new Map<RedisServer, Redis>();

  async add(): Promise<void> {
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-port': String(await freePort()),
      'cluster-node-timeout': '2000',
    };
    const server = await startRedis({ settings });
    this.nodes.push(server);
    const client = new Redis(server.url);
    client.on('error', () => {});
    this.#clients.set(server, client);
  }

  async create(): Promise<void> {
    const addresses = this.nodes.map(({ port }) => `127.0.0.1:${port}`);
    execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
    await this.whole();
  }

  async whole(): Promise<void> {
    const whole = async (): Promise<boolean> => {
      const answers = await Promise.all([...this.#clients.values()].map((client) => client.cluster('INFO')));
      return answers.every((answer) => /cluster_state:ok[\s\S]*cluster_slots_ok:16384/.test(answer));
    };
    await awaitUntil(whole, { timeout: 20_000, what: 'a cluster that is whole' });
  }

  async ownerOf(key: string): Promise<RedisServer> {
    const [first] = this.#clients.values();
    const slot = Number(await first?.cluster('KEYSLOT', key));
    const ranges = (await first?.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    return this.nodes.find(({ port }) => port === range?.[2][1]) as RedisServer;
  }

  async move(key: string, to: RedisServer): Promise<void> {
    const from = await this.ownerOf(key);
    const [source, target] = [this.#clients.get(from) as Redis, this.#clients.get(to) as Redis];
    const slot = Number(await source.cluster('KEYSLOT', key));
    const [sourceId, targetId] = [await source.call('CLUSTER', 'MYID'), await target.call('CLUSTER', 'MYID')];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(sourceId));
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(targetId));
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, FAR)) as string[];
    if (keys.length > 0) await source.call('MIGRATE', '127.0.0.1', to.port, '', 0, FAR, 'KEYS', ...keys);
    for (const client of [target, source]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', String(targetId));
    await awaitUntil(async () => (await this.ownerOf(key)) === to, { timeout: 20_000, what: 'the slot to have moved' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) client.disconnect();
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }
}
