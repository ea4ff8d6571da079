import type { AggregateState } from '@app/aggregates';
import type { Lsn, Row } from '@app/change';
import { type FakePostgres } from '../support/fake-postgres.js';

const DAY = 86_400_000;

/** What a state says, or should say: sums by name. */
export type Count = ReadonlyMap<string, number>;

interface Committed {
  readonly row: Row;
  readonly commitTime: number;
}

/** The rows that were inserted by transactions at or after a position, in order. */
function inserted(server: FakePostgres, from: Lsn): Committed[] {
  return server.log
    .filter(({ lsn }) => lsn >= from)
    .flatMap(({ changes }) => {
      const begin = changes[0];
      const commitTime = begin?.kind === 'begin' ? begin.commitTime : 0;
      return changes.flatMap((change) =>
        change.kind === 'insert' && change.relation.table === 'LiteLLM_SpendLogs'
          ? [{ row: change.row, commitTime }]
          : [],
      );
    });
}

class Sums extends Map<string, number> {
  add(name: string, amount: number): void {
    this.set(name, (this.get(name) ?? 0) + amount);
  }
}

function isHistory({ row, commitTime }: Committed): boolean {
  return commitTime - Date.parse(String(row.endTime)) > DAY;
}

/** Which token stands for a token now; what was replaced before the first seed is known to nobody. */
function replacements(server: FakePostgres, from: Lsn): (token: string) => string {
  const replaced = new Map<string, string>();
  for (const { changes } of server.log.filter(({ lsn }) => lsn >= from)) {
    for (const change of changes) {
      if (change.kind === 'update' && change.oldKey !== null) {
        replaced.set(String(change.oldKey.token), String(change.row.token));
      }
    }
  }
  return (token) => {
    let current = token;
    while (replaced.has(current)) current = replaced.get(current) as string;
    return current;
  };
}

/**
 * The gauges by their definition (METRICS.md section 2): the rows of the seed's snapshot, and every insert since but
 * history. Written anew from the contract, with nothing of the program but the state's window edges.
 */
export function recountGauges(server: FakePostgres, seed: FakePostgres['seeds'][number], state: AggregateState): Count {
  const sums = new Sums();
  const edge = (name: 'S' | 'R' | 'E' | 'K'): number => state.window(name).edge;
  const since = inserted(server, seed.consistentPoint).filter((one) => !isHistory(one));
  const currentToken = replacements(server, seed.consistentPoint);
  for (const row of [...seed.rows, ...since.map((one) => one.row)]) {
    const start = Date.parse(String(row.startTime));
    const model = row.model === '' ? 'unknown' : row.model;
    const spend = Number(row.spend);
    if (start >= edge('S')) {
      sums.add(`spend ${model}`, spend);
      sums.add(`tokens ${model}`, Number(row.total_tokens));
      if (row.user !== '') sums.add(`user ${row.user} ${model}`, spend);
      if (row.team_id !== '') sums.add(`team ${row.team_id} ${model}`, spend);
      for (const tag of JSON.parse(String(row.request_tags)) as string[]) {
        if (!tag.startsWith('User-Agent: ')) sums.add(`tag ${tag}`, spend);
      }
    }
    if (start >= edge('K')) {
      const key = server.table('key').get(currentToken(String(row.api_key)));
      sums.add(`key ${key === undefined ? 'none/none' : `${key.key_name}/${key.key_alias}`}`, spend);
    }
    if (start >= edge('R')) {
      sums.add(`requests ${model} ${row.status}`, 1);
      const cache = String(row.cache_hit).toLowerCase();
      if (cache === 'true' || cache === 'false') sums.add(`cache ${model} ${cache}`, 1);
    }
    if (start >= edge('E') && row.status === 'failure') sums.add(`errors ${model}`, 1);
  }
  return sums;
}

/** The counters by their definition: every insert since the first seed but history; a negative spend adds 0. */
export function recountCounters(server: FakePostgres, seed: FakePostgres['seeds'][number]): Count {
  const sums = new Sums();
  for (const { row } of inserted(server, seed.consistentPoint).filter((one) => !isHistory(one))) {
    const model = row.model === '' ? 'unknown' : row.model;
    sums.add(`spend ${model}`, Math.max(0, Number(row.spend)));
    sums.add(`requests ${model} ${row.status}`, 1);
  }
  const transactions = server.log.filter(({ lsn, changes }) => lsn >= seed.consistentPoint && changes.length > 1);
  sums.add('transactions', transactions.length);
  sums.add('history', inserted(server, seed.consistentPoint).filter(isHistory).length);
  return sums;
}

/** What the state says of the same gauges. */
export function shownGauges(state: AggregateState): Count {
  const sums = new Sums();
  for (const series of state.series('spend_by_model')) {
    sums.add(`spend ${series.key[0]}`, series.sum(0));
    sums.add(`tokens ${series.key[0]}`, series.sum(1));
  }
  for (const series of state.series('spend_by_user')) {
    sums.add(`user ${series.key[0]} ${series.key[1]}`, series.sum(0));
  }
  for (const series of state.series('spend_by_team')) {
    if (series.key[0] !== '') sums.add(`team ${series.key[0]} ${series.key[2]}`, series.sum(0));
  }
  for (const series of state.series('spend_by_tag')) sums.add(`tag ${series.key[0]}`, series.sum(0));
  for (const series of state.series('spend_by_key')) {
    const key = state.entities.keyOfToken(series.key[0] as string);
    sums.add(`key ${key === undefined ? 'none/none' : `${key.keyName}/${key.keyAlias}`}`, series.sum(0));
  }
  for (const series of state.series('requests')) sums.add(`requests ${series.key[0]} ${series.key[1]}`, series.rows);
  for (const series of state.series('cache')) {
    sums.add(`cache ${series.key[0]} ${series.key[1] === 'hit' ? 'true' : 'false'}`, series.rows);
  }
  for (const series of state.series('errors')) sums.add(`errors ${series.key[0]}`, series.rows);
  return sums;
}

/** What the state says of the same counters. */
export function shownCounters(state: AggregateState): Count {
  const sums = new Sums();
  for (const { labels, value } of state.counters('spend_usd')) sums.add(`spend ${labels[0]}`, value);
  for (const { labels, value } of state.counters('requests_processed')) {
    sums.add(`requests ${labels[0]} ${labels[1]}`, value);
  }
  sums.add('transactions', [...state.counters('transactions')][0]?.value ?? 0);
  sums.add('history', [...state.counters('rows_history')][0]?.value ?? 0);
  return sums;
}

/** Where two counts differ by more than the contract allows, in words; empty where they are equal. */
export function differences(shown: Count, expected: Count): string[] {
  const names = new Set([...shown.keys(), ...expected.keys()]);
  return [...names].flatMap((name) => {
    const is = shown.get(name);
    const should = expected.get(name);
    if (is !== undefined && should !== undefined && Math.abs(is - should) <= 1e-9 * Math.max(1, Math.abs(should))) {
      return [];
    }
    return [`${name} is ${is}, should be ${should}`];
  });
}

/** Names of keys and teams as the tables have them, and as the state has them. */
export function namesOf(server: FakePostgres): string[] {
  const keys = [...server.table('key').values()].map((row) => `key ${row.token} ${row.key_name} ${row.key_alias}`);
  const teams = [...server.table('team').values()].map((row) => `team ${row.team_id} ${row.team_alias}`);
  return [...keys, ...teams].sort();
}

/** The names that the state knows. */
export function namesIn({ entities }: AggregateState): string[] {
  const keys = [...entities.all('key')].map((key) => `key ${key.token} ${key.keyName} ${key.keyAlias}`);
  const teams = [...entities.all('team')].map((team) => `team ${team.teamId} ${team.teamAlias}`);
  return [...keys, ...teams].sort();
}
