import type { Change, Row } from '@app/change';
import fc from 'fast-check';
import { type FakePostgres, insert, remove, update } from '../support/fake-postgres.js';
import type { FakePoint } from '../support/fake-upstream.js';
import type { StorePoint } from '../support/faulty-store.js';

const HOUR = 3_600_000;

/** What a client of the database does; numbers choose among what is there when it is carried out. */
export type Operation =
  | { readonly does: 'row'; readonly facts: RowFacts }
  | { readonly does: EntityDeed; readonly which: number };

type EntityDeed =
  | 'new key'
  | 'rename key'
  | 'rotate key'
  | 'delete key'
  | 'new team'
  | 'rename team'
  | 'delete team'
  | 'truncate teams'
  | 'delete row'
  | 'update row';

interface RowFacts {
  readonly key: number;
  readonly team: number;
  readonly user: string;
  readonly model: string;
  readonly nano: number;
  readonly tokens: number;
  readonly status: 'success' | 'failure';
  readonly cache: string;
  /** Hours since the request: history, and outside of short windows, included. */
  readonly age: number;
  readonly tags: readonly string[];
}

/** Where a crash happens, and of what. */
export interface Crash {
  readonly point: FakePoint | StorePoint;
  /** How often the point is passed before. */
  readonly after: number;
  readonly of: 'session' | 'process';
}

/** One thing that happens in a run. */
export type Command =
  | { readonly kind: 'commit'; readonly gap: number; readonly operations: readonly Operation[] }
  | { readonly kind: 'crash'; readonly crash: Crash }
  | { readonly kind: 'pause'; readonly milliseconds: number };

const facts: fc.Arbitrary<RowFacts> = fc.record({
  key: fc.nat(5),
  team: fc.nat(4),
  user: fc.constantFrom('', 'u1', 'u2'),
  model: fc.constantFrom('', 'gpt-5', 'claude', 'ß💥"\\'),
  nano: fc.integer({ min: -1e9, max: 1e12 }),
  tokens: fc.nat(1e6),
  status: fc.constantFrom('success' as const, 'failure' as const),
  cache: fc.constantFrom('True', 'False', 'None', ''),
  age: fc.constantFrom(0, 0, 0, 0.5, 2, 23, 25, 24 * 29, 24 * 32),
  tags: fc.uniqueArray(fc.constantFrom('t1', 't2', 'User-Agent: curl'), { maxLength: 3 }),
});

const deeds: readonly EntityDeed[] = [
  'new key',
  'new key',
  'rename key',
  'rotate key',
  'delete key',
  'new team',
  'rename team',
  'delete team',
  'truncate teams',
  'delete row',
  'update row',
];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('row' as const), facts }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom(...deeds), which: fc.nat(9) }) },
);

const POINTS: readonly Crash['point'][] = [
  ...(['receive', 'receive', 'receive', 'confirm', 'confirmed', 'stream', 'figures', 'seed', 'slice'] as const),
  ...(['store', 'store', 'stored', 'stored', 'durable', 'claim', 'replace', 'replaced'] as const),
];

const crash: fc.Arbitrary<Crash> = fc.record({
  point: fc.constantFrom(...POINTS),
  after: fc.constantFrom(0, 0, 1, 3, 9),
  of: fc.constantFrom('session' as const, 'process' as const),
});

/** A run: transactions, crashes and pauses. */
export const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('commit' as const),
        gap: fc.constantFrom(0, 0, 64, 5_000),
        operations: fc.array(operation, { maxLength: 6 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('crash' as const), crash }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('pause' as const), milliseconds: fc.constantFrom(1, 5, 12, 30) }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

/** Turns what clients do into changes of the tables as they are now; aliases are never used twice. */
export class Client {
  readonly #server: FakePostgres;
  #named = 0;

  constructor(server: FakePostgres) {
    this.#server = server;
  }

  /** Commits the operations as one transaction. Each sees the tables as they were before it. */
  commit(operations: readonly Operation[], gap: number): void {
    const touched = new Set<string>();
    const changes = operations.flatMap((one) => this.#changes(one, touched));
    this.#server.commit(changes, { gap });
  }

  #changes(one: Operation, touched: Set<string>): Change[] {
    if (one.does === 'row') return [insert('spend_logs', this.#row(one.facts))];
    const table = one.does.includes('key') ? 'key' : one.does.includes('team') ? 'team' : 'spend_logs';
    const rows = [...this.#server.table(table)].filter(([key]) => !touched.has(key));
    const chosen = rows[one.which % Math.max(rows.length, 1)];
    if (chosen !== undefined && !one.does.startsWith('new')) touched.add(chosen[0]);
    return this.#entityChanges(one.does, chosen?.[0], chosen?.[1]);
  }

  #entityChanges(does: EntityDeed, key: string | undefined, row: Row | undefined): Change[] {
    this.#named += 1;
    const name = `name ${this.#named}`;
    if (does === 'new key') return [insert('key', this.#key(name))];
    if (does === 'new team') return [insert('team', { team_id: `team ${name}`, team_alias: name, spend: 0 })];
    if (does === 'truncate teams') {
      return [{ kind: 'truncate', relations: [{ schema: 'public', table: 'LiteLLM_TeamTable' }] }];
    }
    if (key === undefined || row === undefined) return [];
    switch (does) {
      // What did not change may not be sent: unchanged TOAST values.
      case 'rename key':
        return [update('key', { token: key, key_alias: name, spend: this.#named })];
      case 'rotate key': {
        const { token: _token, ...kept } = row;
        return [update('key', { ...kept, token: `token ${name}`, key_name: `sk-${name}` }, { token: key })];
      }
      case 'delete key':
        return [remove('key', { token: key })];
      case 'rename team':
        return [update('team', { team_id: key, team_alias: name })];
      case 'delete team':
        return [remove('team', { team_id: key })];
      case 'delete row':
        return [remove('spend_logs', { request_id: key })];
      case 'update row':
        return [update('spend_logs', { ...row, spend: 1_000_000 })];
    }
  }

  #key(name: string): Row {
    return { token: `token ${name}`, key_name: `sk-${name}`, key_alias: `alias ${name}`, spend: 0, models: '{}' };
  }

  #row(of: RowFacts): Row {
    this.#named += 1;
    const time = (at: number): string => new Date(at).toISOString();
    const start = this.#server.clock - of.age * HOUR;
    const pick = (table: 'key' | 'team', place: number): string => [...this.#server.table(table).keys()][place] ?? '';
    return {
      request_id: `request ${this.#named}`,
      api_key: pick('key', of.key) || 'a key that nobody knows',
      team_id: pick('team', of.team),
      user: of.user,
      model: of.model,
      spend: of.nano * 1e-9,
      total_tokens: of.tokens,
      prompt_tokens: of.tokens,
      completion_tokens: 0,
      startTime: time(start),
      endTime: time(start),
      status: of.status,
      cache_hit: of.cache,
      request_tags: JSON.stringify(of.tags),
      metadata: '{}',
    };
  }
}
