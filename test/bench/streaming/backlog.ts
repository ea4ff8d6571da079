import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatLsn, type Lsn } from '@app/change';
import { postgresPrograms } from '../../../scripts/servers/postgres-binaries.mjs';
import { startExporter } from '../../support/exporter-process.js';
import { imageEnvironment } from '../framework/image-environment.js';
import { type BenchDatabase, openBenchDatabase } from './bench-database.js';
import { type RewindableRedis, startRewindableRedis } from './exporter-state.js';
import { Owned } from './owned.js';
import { processorSeconds } from './process-usage.js';
import { type BacklogShape, makePatterns, writeBacklog } from './write-backlog.js';

/** What a backlog is made for. */
export interface BacklogOptions extends BacklogShape {
  readonly plugins: readonly Plugin[];
  readonly promptBytes?: number;
}

export type Plugin = 'wal2json' | 'pgoutput';

/** One drain of the backlog. */
export interface Drained {
  readonly rowsPerSecond: number;
  /** Microseconds of the client's processor a row; only of the exporter. */
  readonly microsecondsPerRow: number;
}

/** Transactions that wait in a slot of each plugin, which can be drained again and again: by the exporter, or by pg_recvlogical. */
export class Backlog implements AsyncDisposable {
  static async open(options: BacklogOptions): Promise<Backlog> {
    await using stack = new Owned();
    const database = stack.use(await openBenchDatabase({ promptBytes: options.promptBytes ?? 0 }));
    await makePatterns(database);
    const drains = new Map<Plugin, Drain>();
    for (const plugin of options.plugins) {
      const redis = stack.use(await startRewindableRedis(`bench_${plugin}`));
      const drain = new Drain(database, redis, plugin, options.rows);
      await drain.seed();
      drains.set(plugin, drain);
    }
    const end = await writeBacklog(database, options);
    for (const drain of drains.values()) drain.end = end;
    return new Backlog(database, drains, stack.move());
  }

  private constructor(
    readonly database: BenchDatabase,
    private readonly drains: ReadonlyMap<Plugin, Drain>,
    private readonly owned: Owned,
  ) {}

  /** The exporter takes it in, from START_REPLICATION to the moment when its last commit is stored in Redis. */
  byExporter(plugin: Plugin): Promise<Drained> {
    return this.drainOf(plugin).byExporter();
  }

  /** pg_recvlogical writes it to /dev/null with the options that the exporter has asked for; rows a second. */
  byRecvlogical(plugin: Plugin): Promise<number> {
    return this.drainOf(plugin).byRecvlogical();
  }

  /** The backlog as a walsender would send it, message by message; it stays in the slot. */
  messages(plugin: Plugin): Promise<readonly Buffer[]> {
    return this.drainOf(plugin).messages();
  }

  /** Of every server that takes part. */
  get versions(): readonly (readonly [program: string, version: string])[] {
    const [drain] = this.drains.values();
    return [
      ['PostgreSQL', this.database.server.version],
      ['Redis', drain?.redis.version ?? ''],
    ];
  }

  private drainOf(plugin: Plugin): Drain {
    const drain = this.drains.get(plugin);
    if (drain === undefined) throw new Error(`this backlog has no slot of ${plugin}`);
    return drain;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned[Symbol.asyncDispose]();
  }
}

const PATIENCE_MS = 600_000;

/** The slot of one plugin with the state that belongs to it, and the ways to drain it. */
class Drain {
  end: Lsn | null = null;
  private options: readonly string[] = [];
  private readonly slot: string;
  private readonly kept: string;

  constructor(
    private readonly database: BenchDatabase,
    readonly redis: RewindableRedis,
    private readonly plugin: Plugin,
    private readonly rows: number,
  ) {
    this.slot = `bench_${plugin}`;
    this.kept = `${this.slot}_kept`;
  }

  /** Lets an exporter seed and stream, stops it, and keeps the slot and the state that it leaves. */
  async seed(): Promise<void> {
    const logged = this.database.server.log().length;
    const exporter = await this.start();
    await exporter.awaitReady(60_000);
    await this.startOfStream(logged);
    await exporter.stop();
    await this.redis.remember();
    await this.copySlot(this.slot, this.kept);
    await this.dropSlot(this.slot);
    this.options = this.optionsAskedFor();
  }

  async byExporter(): Promise<Drained> {
    await this.redis.rewind();
    await this.copySlot(this.kept, this.slot);
    const logged = this.database.server.log().length;
    await using exporter = await this.start();
    const began = await this.startOfStream(logged);
    const before = processorSeconds(exporter.pid);
    const ended = await this.untilStored();
    const processor = processorSeconds(exporter.pid) - before;
    await exporter.stop();
    await this.dropSlot(this.slot);
    return {
      rowsPerSecond: this.rows / ((ended - began) / 1000),
      microsecondsPerRow: (processor * 1e6) / this.rows,
    };
  }

  async byRecvlogical(): Promise<number> {
    const slot = `${this.slot}_peer`;
    await this.copySlot(this.kept, slot);
    const logged = this.database.server.log().length;
    const draining = this.recvlogical(slot);
    const began = await this.startOfStream(logged);
    const ended = await draining;
    await this.dropSlot(slot);
    return this.rows / ((ended - began) / 1000);
  }

  async messages(): Promise<readonly Buffer[]> {
    const options = this.options.flatMap((option) => {
      const [name = '', ...value] = option.split('=');
      return [name, value.join('=')];
    });
    const { rows } = await this.database.sql.query<{ data: Buffer }>(
      'SELECT data FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, VARIADIC $2::text[])',
      [this.kept, options],
    );
    return rows.map(({ data }) => data);
  }

  private start() {
    const profile = process.env.BENCH_PROFILE;
    return startExporter({
      env: {
        ...imageEnvironment(),
        ...this.database.env,
        REPLICATION_PLUGIN: this.plugin,
        REPLICATION_SLOT: this.slot,
        REPLICATION_PUBLICATION: `bench_${this.plugin}`,
        REDIS_URL: this.redis.url,
        REDIS_KEY_PREFIX: this.slot,
      },
      ...(profile === undefined ? {} : { nodeArgv: ['--cpu-prof', `--cpu-prof-dir=${profile}`] }),
    });
  }

  /** Resolves with the time at which pg_recvlogical has ended, in milliseconds since the Unix epoch. */
  private async recvlogical(slot: string): Promise<number> {
    const { server, name } = this.database;
    const argv = ['-h', server.host, '-p', String(server.port), '-U', server.user, '-d', name, '-w', '--slot', slot];
    argv.push('--start', '--no-loop', '-f', '/dev/null', '--endpos', formatLsn(this.endOfBacklog()));
    for (const option of this.options) argv.push('-o', option);
    const program = join(postgresPrograms('debian-15') ?? '', 'pg_recvlogical');
    const child = spawn(program, argv, {
      env: { PGPASSWORD: server.password },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => {
      complaint += text.toString();
    });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    const ended = Date.now();
    if (code !== 0) throw new Error(`pg_recvlogical ended with ${code}: ${complaint}`);
    return ended;
  }

  private async untilStored(): Promise<number> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      if ((await this.redis.stored()) >= this.endOfBacklog()) return Date.now();
      await pause(10);
    }
    throw new Error('the exporter has not stored the backlog in time');
  }

  /** When the server got START_REPLICATION, in milliseconds since the Unix epoch, by its log after `from`. */
  private async startOfStream(from: number): Promise<number> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const [, time] = /^(\d+\.\d+) .*START_REPLICATION SLOT/m.exec(this.database.server.log().slice(from)) ?? [];
      if (time !== undefined) return Number(time) * 1000;
      await pause(20);
    }
    throw new Error('nobody has started to stream in time');
  }

  /** What the exporter has asked of the plugin, as `name=value`. */
  private optionsAskedFor(): readonly string[] {
    const asked = new RegExp(`START_REPLICATION SLOT "${this.slot}" LOGICAL \\S+ \\((.*)\\)$`, 'm');
    const [, list = ''] = asked.exec(this.database.server.log()) ?? [];
    const options = [...list.matchAll(/"([^"]+)" '((?:[^']|'')*)'/g)].map(([, name, value]) => `${name}=${value}`);
    if (options.length === 0) throw new Error('the log does not say what the exporter has asked for');
    return options;
  }

  private endOfBacklog(): Lsn {
    if (this.end === null) throw new Error('the backlog has not been written yet');
    return this.end;
  }

  private async copySlot(from: string, to: string): Promise<void> {
    await this.database.sql.query('SELECT pg_copy_logical_replication_slot($1, $2)', [from, to]);
  }

  /** A walsender takes a moment to let go of its slot. */
  private async dropSlot(slot: string): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.database.sql.query('SELECT pg_drop_replication_slot($1)', [slot]);
        return;
      } catch (error) {
        if (attempt === 100) throw error;
        await pause(50);
      }
    }
  }
}
