import type { SeriesView, StateView } from '@app/aggregates';

/** The sum of all series that share two label values. */
export interface PairSum {
  readonly outer: string;
  readonly inner: string;
  sum: number;
  /** Rows of the series, where they were told. */
  rows: number;
}

/** Sums by two label values, for series that a join brings together. */
export class SumsByPair {
  readonly #sums = new Map<string, Map<string, PairSum>>();

  add([outer, inner]: readonly [string, string], amount: number, rows = 0): void {
    let inners = this.#sums.get(outer);
    if (inners === undefined) {
      inners = new Map();
      this.#sums.set(outer, inners);
    }
    const entry = inners.get(inner);
    if (entry === undefined) {
      inners.set(inner, { outer, inner, sum: amount, rows });
      return;
    }
    entry.sum += amount;
    entry.rows += rows;
  }

  *all(): Iterable<PairSum> {
    for (const inners of this.#sums.values()) for (const sum of inners.values()) yield sum;
  }
}

/** The organization a row of a team series belongs to: its own, else that of its team at this moment; '' for none. */
export function organizationOfRow(view: StateView, series: SeriesView): string {
  const [team, organization] = series.key as [string, string];
  if (organization !== '' || team === '') return organization;
  return view.entities.get('team', team)?.organizationId ?? '';
}
