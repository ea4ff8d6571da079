import type { AggregateState, StateStore } from '@app/aggregates';
import { ExporterFailure } from '@app/change';
import { awaitUntil } from '../support/await-until.js';
import { FakePostgres } from '../support/fake-postgres.js';
import type { FakePoint } from '../support/fake-upstream.js';
import { FaultyStore, type StorePoint } from '../support/faulty-store.js';
import { type GivenPipeline, givenPipeline } from '../support/given-pipeline.js';
import { Client, type Command, type Crash } from './commands.js';

/** Where the state of a process rests. */
export interface StoreMaker {
  /** The store of a new process. */
  readonly open: () => StateStore;
  readonly durability: 'process' | 'external';
}

const LIMIT = 20_000;

/**
 * A server, and one process after another that works on it. A process that crashes does nothing any more from that
 * moment on: its calls of the store fail, and its connections are gone.
 */
export class CrashingWorld {
  readonly server = new FakePostgres();
  /** The seed that the present state began with. */
  seed: FakePostgres['seeds'][number] | null = null;
  readonly violations: string[] = [];
  crashes = 0;
  readonly #maker: StoreMaker;
  readonly #client = new Client(this.server);
  #process: GivenPipeline | null = null;
  #dead = false;
  #armed: { crash: Crash; left: number }[] = [];

  constructor(maker: StoreMaker) {
    this.#maker = maker;
  }

  get state(): AggregateState {
    return this.#process?.store.state as AggregateState;
  }

  async run(commands: readonly Command[]): Promise<void> {
    this.#client.commit([{ does: 'new key', which: 0 }], 64);
    this.#start();
    for (const command of commands) {
      await this.#revive();
      await this.#carryOut(command);
    }
    this.#armed = [];
    await awaitUntil(() => this.#isAtEnd(), {
      timeout: LIMIT,
      interval: 2,
      what: 'the end of the log, stored and confirmed',
    });
  }

  async stop(): Promise<void> {
    await this.#end();
  }

  async #carryOut(command: Command): Promise<void> {
    if (command.kind === 'commit') this.#client.commit(command.operations, command.gap);
    else if (command.kind === 'crash') this.#armed.push({ crash: command.crash, left: command.crash.after });
    else await new Promise((resolve) => setTimeout(resolve, command.milliseconds));
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #isAtEnd(): Promise<boolean> {
    await this.#revive();
    const end = this.server.lastCommitEnd;
    const next = this.#process?.store.checkpoint?.next ?? -1n;
    return next >= end && (this.server.slot?.confirmed ?? -1n) >= end;
  }

  async #revive(): Promise<void> {
    if (!this.#dead) return;
    await this.#end();
    this.#dead = false;
    this.#start();
  }

  #start(): void {
    const store = new FaultyStore(this.#maker.open(), undefined, this.#maker.durability);
    const reach = (point: FakePoint | StorePoint): void => this.#reach(store, point);
    store.reach = reach;
    this.#process = givenPipeline(this.server, { store, reach, updateInterval: 30 });
  }

  async #end(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    await process?.stop();
    await process?.store.inner.close();
    if (process?.told.of('seedStarted').flat().includes('state_ahead_of_server') === true) {
      this.violations.push('the log was taken for another one');
    }
  }

  #reach(store: FaultyStore, point: FakePoint | StorePoint): void {
    if (this.#dead || store !== this.#process?.store) throw new Error('this process is dead');
    if (point === 'replaced') this.seed = this.server.seeds.at(-1) ?? null;
    if (point === 'confirmed') this.#checkConfirmation(store);
    for (const armed of this.#armed.filter(({ crash }) => crash.point === point)) {
      armed.left -= 1;
      if (armed.left >= 0) continue;
      this.#armed = this.#armed.filter((other) => other !== armed);
      this.#crash(armed.crash);
    }
  }

  #crash({ of, point }: Crash): void {
    this.crashes += 1;
    if (of === 'process') this.#dead = true;
    const reason = new ExporterFailure({ kind: 'stream-broken', message: `crash of the ${of} at ${point}` });
    this.#process?.upstream.breakOff(reason);
    if (of === 'process') throw reason;
  }

  /** W2: what the server has heard of is stored. */
  #checkConfirmation({ inner }: FaultyStore): void {
    const confirmed = this.server.slot?.confirmed ?? 0n;
    const stored = inner.checkpoint?.next ?? -1n;
    if (confirmed > stored) this.violations.push(`${confirmed} was confirmed, ${stored} is stored`);
  }
}
