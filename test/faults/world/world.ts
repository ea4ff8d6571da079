import pg from 'pg';
import { Simulator } from '../../../apps/simulator/src/index.js';
import { awaitUntil } from '../../support/await-until.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.js';
import { askRedis } from './ask-redis.js';
import { disposeAll } from './dispose-all.js';
import { judge, type RememberedRow, remember, type Verdict } from './judge.js';
import type { Needs } from './needs.js';
import { PATIENCE, slowness } from './patience.js';
import { type Links, Replica } from './replica.js';
import { CLOCK, MARKER, markOf } from './self-metrics.js';
import { follow } from './standby.js';
import { Traffic } from './traffic.js';
import { Watch } from './watch.js';

const SCHEMA = 'public';
export const SLOT = 'faults';

/** The servers of a world, and the way of its traffic. */
type Parts = Pick<World, 'postgres' | 'standby' | 'redis' | 'redisReplica' | 'database' | 'way'>;

/** Servers, exporters between them, and traffic: everything a fault can happen to. */
export class World implements AsyncDisposable {
  readonly replicas: Replica[] = [];
  readonly watch = new Watch(() => this.replicas);
  readonly simulator: Simulator;
  readonly traffic: Traffic;
  /** Rows that PostgreSQL has lost after the state counted them, as JSON. */
  readonly ghosts: string[] = [];
  /** Rows that count as they were committed, whatever is done to the table since. */
  readonly remembered: RememberedRow[] = [];
  /** By PostgreSQL's clock: what was committed before is what the first seed found. */
  seededUntil = new Date(0);
  /** The server that LiteLLM writes to. */
  postgres: PostgresServer;
  redis: RedisServer;
  readonly standby: PostgresServer | undefined;
  readonly redisReplica: RedisServer | undefined;
  readonly database: string;
  /** LiteLLM's way to PostgreSQL. */
  readonly way: TcpProxy;
  readonly #pool: pg.Pool;
  readonly #disposables: AsyncDisposable[];
  #patience = 1;

  private constructor(
    readonly needs: Needs,
    parts: Parts,
    disposables: AsyncDisposable[],
  ) {
    const { postgres, standby, redis, redisReplica, database, way } = parts;
    this.postgres = postgres;
    this.standby = standby;
    this.redis = redis;
    this.redisReplica = redisReplica;
    this.database = database;
    this.way = way;
    this.#disposables = disposables;
    const url = new URL(postgres.url(database));
    url.port = String(way.port);
    this.#pool = new pg.Pool({ connectionString: url.href, max: 3, connectionTimeoutMillis: 5_000 });
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
    this.simulator = new Simulator(this.#pool, { seed: 'faults' });
    this.traffic = new Traffic(this.simulator, this.#pool, needs.rate ?? 100);
  }

  /** Starts the servers, makes a world with some history and, unless told otherwise, exporters and traffic. */
  static async open(needs: Needs, patience = 1): Promise<World> {
    const stack: AsyncDisposable[] = [];
    try {
      const world = await World.#build(needs, stack);
      world.#patience = patience;
      if (needs.started !== false) await world.begin();
      return world;
    } catch (error) {
      await disposeAll(stack);
      throw error;
    }
  }

  static async #build(needs: Needs, stack: AsyncDisposable[]): Promise<World> {
    const keep = <T extends AsyncDisposable>(part: T): T => {
      stack.push(part);
      return part;
    };
    const { flavor = 'debian-15' } = needs;
    const settings = { track_commit_timestamp: 'on', ...needs.postgres };
    const postgres = keep(await startPostgres({ flavor, settings }));
    const database = await postgres.createDatabase();
    const standby = needs.standby === undefined ? undefined : keep(await follow(postgres, needs));
    const { redisFlavor: kind = 'redis' } = needs;
    const redis = keep(await startRedis({ flavor: kind, settings: needs.redis ?? {} }));
    const following = { flavor: kind, settings: { replicaof: `127.0.0.1 ${redis.port}` } };
    const redisReplica = needs.redisReplica === true ? keep(await startRedis(following)) : undefined;
    const way = keep(await tcpProxy(postgres.port));
    const world = new World(needs, { postgres, standby, redis, redisReplica, database, way }, stack);
    stack.push({ [Symbol.asyncDispose]: () => world.#pool.end() });
    await world.#fill();
    for (let index = 0; index < (needs.replicas ?? 1); index += 1) keep(await world.addReplica());
    return world;
  }

  async #fill(): Promise<void> {
    await this.simulator.createTables();
    await this.simulator.seedWorld();
    await this.simulator.writeHistory({ rows: 400, days: 33 });
    await this.query(
      `INSERT INTO "LiteLLM_UserTable" (user_id, max_budget, budget_reset_at) VALUES ($1, 1, '2099-01-01'), ($2, 0, NULL)`,
      [CLOCK, MARKER],
    );
  }

  /** An exporter over the shared state, which is not started yet. */
  async addReplica(env: Readonly<Record<string, string>> = {}): Promise<Replica> {
    const name = String.fromCharCode(97 + this.replicas.length);
    const servers = { postgres: this.postgres.port, redis: this.redis.port };
    const replica = await Replica.make(name, servers, (links) => ({ ...this.environment(links), ...env }));
    this.replicas.push(replica);
    return replica;
  }

  /** The environment of an exporter behind these links. */
  environment({ postgres, redis }: Links): Record<string, string> {
    const url = new URL(this.postgres.url(this.database));
    url.port = String(postgres.port);
    return {
      DATABASE_URL: url.href,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      REPLICATION_SLOT: SLOT,
      REPLICATION_PLUGIN: this.plugin,
      ...this.needs.env,
    };
  }

  get plugin(): 'wal2json' | 'pgoutput' {
    return this.needs.plugin ?? (this.needs.flavor === 'embedded-18' ? 'pgoutput' : 'wal2json');
  }

  /** Lets exporters and traffic begin, and waits until both are under way. */
  async begin(): Promise<void> {
    await this.beforeFirstSeed();
    const [first, ...others] = this.replicas as [Replica, ...Replica[]];
    await first.start(this.needs.failpoint);
    await first.awaitStream();
    for (const other of others) await other.start();
    this.watch.start();
    this.traffic.start();
  }

  /** To be called before the first exporter starts on an empty state: from now on rows are counted. */
  async beforeFirstSeed(): Promise<void> {
    const [row] = await this.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    this.seededUntil = row?.now ?? new Date();
  }

  /** A query of LiteLLM's own, outside of the traffic's order: for reading, and for acts of an administrator. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#pool.query<Row>(text, values)).rows;
  }

  /** What a limit of `seconds`, which is one of a quiet machine, comes to on this one while it is as busy as it is. */
  limit(seconds: number): number {
    return seconds * this.#patience * slowness();
  }

  /** The exporter that has the stream. */
  async leader(timeout = PATIENCE): Promise<Replica> {
    return awaitUntil(
      async () => {
        for (const replica of this.replicas) if (await replica.streams()) return replica;
        return undefined;
      },
      { timeout, interval: 20, what: 'an exporter with a stream' },
    );
  }

  /** Waits until everything committed by now is in an answer, and resolves with the seconds since `since`. */
  async recovered(since: number, timeout = PATIENCE): Promise<number> {
    const mark = await this.traffic.mark(timeout);
    const running = () => this.replicas.filter((replica) => replica.running);
    const shown = async (): Promise<boolean> => {
      for (const replica of running()) {
        const text = await replica.text().catch(() => '');
        if ((markOf(text) ?? 0) >= mark) return true;
      }
      return false;
    };
    await awaitUntil(shown, { timeout, interval: 10, what: `mark ${mark} in an answer` });
    return (performance.now() - since) / 1_000;
  }

  /** Waits until each running exporter shows everything that was committed. */
  async quiet(timeout = PATIENCE): Promise<void> {
    const mark = await this.traffic.mark(timeout);
    for (const replica of this.replicas.filter(({ running }) => running)) {
      const shows = async () => (markOf(await replica.text()) ?? 0) >= mark;
      await awaitUntil(shows, {
        timeout,
        interval: 25,
        what: `mark ${mark} in the answer of exporter ${replica.name}`,
      });
    }
  }

  /** Ends the traffic, waits until it is applied, and compares every family of every exporter with SQL. */
  async judge(): Promise<Verdict> {
    await this.traffic.stop();
    await this.quiet();
    const { database, ghosts, seededUntil, remembered } = this;
    const url = this.postgres.url(database);
    const running = this.replicas.filter((replica) => replica.running);
    return judge({ url, schema: SCHEMA, seededUntil, ghosts, remembered }, running);
  }

  /** Does something to the spend logs that takes rows away or changes them, after noting what there is; nothing is written meanwhile. */
  async changingSpendLogs<T>(work: () => Promise<T>): Promise<T> {
    return this.traffic.exclusively(async () => {
      const { seededUntil, remembered } = this;
      remembered.push(...(await remember(this.#pool, { schema: SCHEMA, seededUntil, remembered })));
      return work();
    });
  }

  /** LiteLLM's tables, empty, in another database of the same server. */
  async copyTables(database: string): Promise<void> {
    const client = new pg.Client(this.postgres.url(database));
    await client.connect();
    try {
      await new Simulator(client, { seed: 'faults' }).createTables();
    } finally {
      await client.end();
    }
  }

  /** The standby receives nothing more. */
  async cutOffStandby(): Promise<void> {
    const { standby } = this;
    if (standby === undefined) throw new Error('there is no standby');
    const client = new pg.Client(standby.url());
    await client.connect();
    try {
      await client.query(`ALTER SYSTEM SET primary_conninfo = ''`);
      await client.query('SELECT pg_reload_conf()');
      const receivers = async () => (await client.query('SELECT FROM pg_stat_wal_receiver')).rowCount;
      await awaitUntil(async () => (await receivers()) === 0, {
        timeout: PATIENCE,
        what: 'a standby that receives nothing',
      });
    } finally {
      await client.end();
    }
  }

  /** From now on LiteLLM and all exporters reach this PostgreSQL. */
  movePostgres(server: PostgresServer): void {
    this.postgres = server;
    for (const link of [this.way, ...this.replicas.map(({ links }) => links.postgres)]) {
      link.aim(server.port);
      link.cut();
    }
  }

  /** From now on all exporters reach this Redis. */
  moveRedis(server: RedisServer): void {
    this.redis = server;
    for (const { links } of this.replicas) {
      links.redis.aim(server.port);
      links.redis.cut();
    }
  }

  /** Name and version. */
  async redisVersion(): Promise<string> {
    const info = await askRedis(this.redis, (client) => client.info('server'));
    const valkey = /valkey_version:(\S+)/.exec(info)?.[1];
    return valkey === undefined ? `Redis ${/redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown'}` : `Valkey ${valkey}`;
  }

  /** What is worth telling of a failure. */
  logs(): string {
    return this.replicas
      .map((replica) => {
        const lines = [...replica.past, ...(replica.running || replica.past.length > 0 ? replica.process.logs : [])];
        return `exporter ${replica.name}:\n${lines.slice(-60).join('\n')}`;
      })
      .join('\n\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop();
    await this.traffic.stop();
    await disposeAll(this.#disposables);
  }
}
