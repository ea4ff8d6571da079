import { emptyRecord, type StateRecord } from './record.js';
import type { SeriesKind } from './view.js';

/** How many things a record holds: what its size, and the time to apply or to encode it, depend on. */
export function itemsOf(record: StateRecord): number {
  const lists = [record.defined, record.dropped, record.counters, record.histograms, record.ended, record.entities];
  const pairs = Object.values(record.pairs).reduce((sum, values) => sum + values.length, 0);
  const tokens = record.forgottenTokens.length + record.replacedTokens.length;
  return lists.reduce((sum, list) => sum + list.length, pairs + tokens);
}

/** Lists of a record, in the order in which they are applied. */
const LISTS = ['dropped', 'counters', 'histograms', 'ended', 'entities', 'forgottenTokens', 'replacedTokens'] as const;

/**
 * One record as several of its version, of at most `items` things each, which come to the same when they are applied in
 * order; a record that is small enough as it is.
 */
export function* slicesOf(record: StateRecord, items: number): Iterable<StateRecord> {
  if (itemsOf(record) <= items) {
    yield record;
    return;
  }
  const empty = emptyRecord(record.version, record.clock);
  for (const defined of chunksOf(record.defined, items)) yield { ...empty, defined };
  for (const [kind, values] of Object.entries(record.pairs)) {
    for (const chunk of chunksOf(values, items)) yield { ...empty, pairs: { [kind as SeriesKind]: chunk } };
  }
  for (const part of LISTS) {
    for (const chunk of chunksOf<unknown>(record[part], items)) yield { ...empty, [part]: chunk };
  }
  const { folded, present, figures } = record;
  yield { ...empty, folded, present, figures };
}

function* chunksOf<T>(list: readonly T[], length: number): Iterable<readonly T[]> {
  for (let at = 0; at < list.length; at += length) yield list.slice(at, at + length);
}
