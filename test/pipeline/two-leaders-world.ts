import { setTimeout as pause } from 'node:timers/promises';
import type { AggregateState, StateStore } from '@app/aggregates';
import { ExporterFailure } from '@app/change';
import { awaitUntil } from '../support/await-until.js';
import { FakePostgres } from '../support/fake-postgres.js';
import type { FakePoint } from '../support/fake-upstream.js';
import { FaultyStore, type StorePoint } from '../support/faulty-store.js';
import { type GivenPipeline, givenPipeline } from '../support/given-pipeline.js';
import { Client, type Crash } from './commands.js';
import type { StoreMaker } from './crashing-world.js';
import { ExclusiveUpstream, FakeLock } from './exclusive-upstream.js';
import type { LeaderCommand, Usurpation } from './leader-commands.js';
import { ReaderWatch } from './reader-watch.js';

const LIMIT = 30_000;
const PROCESSES = 2;

/** One process: it leads while the server keeps its session, and may believe that it leads for longer. */
interface Member {
  readonly store: FaultyStore;
  readonly upstream: ExclusiveUpstream;
  readonly pipeline: GivenPipeline;
  dead: boolean;
}

/** A call of a store that is on its way, or in a process that is paused. */
interface Held {
  readonly release: () => void;
  left: number;
}

/**
 * A server and two processes over one stored state. A leader may be replaced without noticing it, in the middle of any call
 * of its store, which arrives when the other one has been leading for a while.
 */
export class TwoLeadersWorld {
  readonly server = new FakePostgres();
  readonly violations: string[] = [];
  /** The seed that the present state began with. */
  seed: FakePostgres['seeds'][number] | null = null;
  usurpations = 0;
  fenced = 0;
  readonly #client = new Client(this.server);
  readonly #lock = new FakeLock();
  readonly #members: Member[] = [];
  readonly #reader: ReaderWatch;
  #armed: { crash: Crash; left: number }[] = [];
  #usurping: { usurpation: Usurpation; left: number }[] = [];
  #held: Held[] = [];

  constructor(private readonly maker: StoreMaker) {
    this.#reader = new ReaderWatch(maker.open(), this.violations);
  }

  async run(commands: readonly LeaderCommand[]): Promise<void> {
    this.#client.commit([{ does: 'new key', which: 0 }], 64);
    for (let count = 0; count < PROCESSES; count++) this.#members.push(this.#start());
    await this.#reader.start();
    for (const command of commands) {
      await this.#revive();
      this.#letGo();
      await this.#carryOut(command);
    }
    this.#armed = [];
    this.#usurping = [];
    // What is held now arrives when the other one is done, unless that is held too.
    while (this.#held.length >= PROCESSES) this.#held.shift()?.release();
    await this.#end();
    for (const { release } of this.#held.splice(0)) release();
    this.#client.commit([{ does: 'new key', which: 0 }], 64);
    await this.#end();
  }

  /** What each process and the reader serve in the end. */
  async states(): Promise<AggregateState[]> {
    const stores: StateStore[] = [...this.#members.map(({ store }) => store.inner), this.#reader.store];
    for (const store of stores) await store.refresh();
    return stores.map(({ state }) => state as AggregateState);
  }

  async stop(): Promise<void> {
    for (const { release } of this.#held.splice(0)) release();
    await this.#reader.stop();
    await Promise.all(this.#members.map((member) => this.#stop(member)));
  }

  async #carryOut(command: LeaderCommand): Promise<void> {
    switch (command.kind) {
      case 'commit':
        this.#client.commit(command.operations, command.gap);
        break;
      case 'crash':
        this.#armed.push({ crash: command.crash, left: command.crash.after });
        break;
      case 'usurp':
        this.#usurping.push({ usurpation: command.usurpation, left: command.usurpation.after });
        break;
      case 'pause':
        await pause(command.milliseconds);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Calls that have been held for long enough arrive. */
  #letGo(): void {
    for (const held of this.#held) held.left -= 1;
    for (const { release } of this.#held.filter(({ left }) => left < 0)) release();
    this.#held = this.#held.filter(({ left }) => left >= 0);
  }

  /** Waits until all that was committed is stored and confirmed. */
  async #end(): Promise<void> {
    await awaitUntil(() => this.#isAtEnd(), { timeout: LIMIT, interval: 2, what: 'the end of the log, confirmed' });
  }

  async #isAtEnd(): Promise<boolean> {
    await this.#revive();
    const end = this.server.lastCommitEnd;
    const stored = this.#members.some(({ store }) => (store.checkpoint?.next ?? -1n) >= end);
    return stored && (this.server.slot?.confirmed ?? -1n) >= end;
  }

  async #revive(): Promise<void> {
    for (const [at, member] of this.#members.entries()) {
      if (!member.dead) continue;
      await this.#stop(member);
      this.#members[at] = this.#start();
    }
  }

  #start(): Member {
    const store = new FaultyStore(this.maker.open(), undefined, 'external');
    const reach = (point: FakePoint | StorePoint) => this.#reach(member, point);
    const upstream = new ExclusiveUpstream(this.server, { reach }, this.#lock);
    store.reach = reach;
    const pipeline = givenPipeline(this.server, { store, upstream, updateInterval: 30 });
    const member: Member = { store, upstream, pipeline, dead: false };
    return member;
  }

  async #stop(member: Member): Promise<void> {
    await member.pipeline.stop();
    this.fenced += member.pipeline.told.of('fenced').length;
    if (member.pipeline.told.of('seedStarted').flat().includes('state_ahead_of_server')) {
      this.violations.push('the log was taken for another one');
    }
    await member.store.inner.close();
  }

  #reach(member: Member, point: FakePoint | StorePoint): void | Promise<void> {
    if (member.dead) throw new Error('this process is dead');
    if (point === 'replaced') this.#began(member);
    if (point === 'confirmed') this.#checkConfirmation(member);
    const crash = due(this.#armed, ({ crash: { point: at } }) => at === point)?.crash;
    if (crash !== undefined) this.#crash(member, crash);
    // Only a leader can be replaced; any other call of its stays where it is for a while.
    if (this.#lock.holder !== member.upstream.sessions.at(-1)) return undefined;
    const usurpation = due(this.#usurping, ({ usurpation: { point: at } }) => at === point)?.usurpation;
    return usurpation === undefined ? undefined : this.#usurp(member, usurpation);
  }

  #usurp({ upstream }: Member, { commands }: Usurpation): Promise<void> {
    this.usurpations += 1;
    upstream.session.cut();
    return new Promise((release) => this.#held.push({ release, left: commands }));
  }

  #crash(member: Member, { of, point }: Crash): void {
    if (of === 'process') member.dead = true;
    const reason = new ExporterFailure({ kind: 'stream-broken', message: `crash of the ${of} at ${point}` });
    member.upstream.breakOff(reason);
    if (of === 'process') throw reason;
  }

  #began({ store }: Member): void {
    const began = this.server.seeds.find(({ consistentPoint }) => consistentPoint === store.generations.at(-1));
    if (began === undefined) this.violations.push('a state was made current that belongs to no seed');
    else this.seed = began;
  }

  /** W2: what the server has heard of is stored. */
  #checkConfirmation({ store }: Member): void {
    const confirmed = this.server.slot?.confirmed ?? 0n;
    const stored = store.inner.checkpoint?.next ?? -1n;
    if (confirmed > stored) this.violations.push(`${confirmed} was confirmed, ${stored} is stored`);
  }
}

/** Takes the first that is due at this moment out of a list: each passes `left` times first. */
function due<T extends { left: number }>(list: T[], matches: (one: T) => boolean): T | undefined {
  for (const [at, one] of list.entries()) {
    if (!matches(one)) continue;
    one.left -= 1;
    if (one.left < 0) return list.splice(at, 1)[0];
  }
  return undefined;
}
