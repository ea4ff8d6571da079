import type { ExactSum } from './record.js';

/** Zero, as an exact sum. */
export const EXACT_ZERO: ExactSum = [0, 0];

/**
 * Adds two sums of two doubles each (Dekker's and Knuth's error-free transformation). The first double of the result
 * is the correctly rounded value; the relative error of a step is below 2^-100, so that 10^8 additions and removals
 * stay far below the contract's 1e-9.
 */
export function addExact(a: ExactSum, high: number, low: number): ExactSum {
  const sum = a[0] + high;
  const part = sum - a[0];
  const error = a[0] - (sum - part) + (high - part) + a[1] + low;
  const rounded = sum + error;
  return [rounded, error - (rounded - sum)];
}

/** As {@link addExact}, in place at `at` and `at + 1` of an array: the hot path of fold and apply. */
export function addExactAt(values: number[] | Float64Array, at: number, high: number, low: number): void {
  const oldHigh = values[at] as number;
  const sum = oldHigh + high;
  const part = sum - oldHigh;
  const error = oldHigh - (sum - part) + (high - part) + (values[at + 1] as number) + low;
  const rounded = sum + error;
  values[at] = rounded;
  values[at + 1] = error - (rounded - sum);
}
