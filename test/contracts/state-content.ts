import { type RecordedState, SERIES_KINDS, type SeriesKind, type StateRecord } from '@app/aggregates';

/** What a state says, in a form that compares: everything a dump holds, without the order and the ids that are its own business. */
export interface StateContent {
  readonly version: number;
  readonly clock: number;
  readonly series: Readonly<Record<string, { readonly rows: number; readonly sums: readonly number[] }>>;
  readonly pairs: Readonly<Record<string, readonly number[]>>;
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Reads a state as a whole. Sums are rounded: they are added up in another order after a load. */
export function contentOf(state: RecordedState | null): StateContent | null {
  if (state === null) return null;
  const series: Record<string, { rows: number; sums: number[] }> = {};
  for (const kind of Object.keys(SERIES_KINDS) as SeriesKind[]) {
    const sums = SERIES_KINDS[kind].sums;
    for (const one of state.series(kind)) {
      series[JSON.stringify([kind, ...one.key])] = {
        rows: one.rows,
        sums: sums.map((_, place) => rounded(one.sum(place))),
      };
    }
  }
  return { version: state.version, clock: state.clock, series, ...dumpContent(state) };
}

function rounded(sum: number): number {
  return Number(Math.abs(sum) < 1 ? sum.toFixed(12) : sum.toPrecision(12)) + 0;
}

function dumpContent(state: RecordedState): Pick<StateContent, 'pairs' | 'rest'> {
  const records = [...state.dump(1_000)];
  const names = new Map<number, string>();
  for (const { id, kind, key } of records.flatMap(({ defined }) => defined))
    names.set(id, JSON.stringify([kind, ...key]));
  const pairs: Record<string, readonly number[]> = {};
  for (const record of records) {
    for (const [id, bucket, ...values] of Object.values(record.pairs).flat() as [number, number, ...number[]][]) {
      pairs[`${names.get(id)} ${bucket}`] = values.map((value) => value + 0);
    }
  }
  return { pairs, rest: restOf(records) };
}

function restOf(records: readonly StateRecord[]): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const record of records) {
    for (const { kind, labels, value } of record.counters) rest[JSON.stringify(['counter', kind, ...labels])] = value;
    for (const { kind, labels, ...values } of record.histograms) rest[JSON.stringify([kind, ...labels])] = values;
    for (const operation of record.entities) {
      if (operation.op === 'put') rest[JSON.stringify(['entity', JSON.stringify(operation.entity)])] = operation.entity;
    }
    for (const [old, ...replaced] of record.replacedTokens) rest[JSON.stringify(['token', old])] = replaced;
    for (const part of ['present', 'folded', 'figures'] as const) {
      for (const [name, value] of Object.entries(record[part])) rest[JSON.stringify([part, name])] = value;
    }
  }
  return rest;
}
