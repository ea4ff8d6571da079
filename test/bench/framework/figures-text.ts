import type { Figure, Target } from './bench.js';
import type { FigureResult, Spread } from './spread.js';

/** Three digits, thousands set apart: `34,100`, `0.912`, `12.3`. */
export function numberText(value: number): string {
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  if (size >= 1000) return Math.round(short).toLocaleString('en-US');
  return size !== 0 && size < 0.001 ? short.toExponential(1) : String(short);
}

/** `0.912 (0.88 … 0.93)`. */
export function spreadText({ median, least, greatest }: Spread): string {
  if (least === greatest) return numberText(median);
  return `${numberText(median)} (${numberText(least)} … ${numberText(greatest)})`;
}

/** What the target is about, with its spread: the ratio, or our own value with its unit. */
export function measuredText({ target, unit }: Figure, { ours, ratio }: FigureResult): string {
  if (target?.of !== 'ours' && ratio !== undefined) return `${ratioText(ratio)}`;
  return `${spreadText(ours)} ${unit}`;
}

/** A ratio far below one reads better as a fraction: `1/12.5 (1/13 … 1/12)`. */
export function ratioText(ratio: Spread): string {
  return ratio.median < 0.4 && ratio.median > 0 ? fractionText(ratio) : `${spreadText(ratio)} ×`;
}

function fractionText({ median, least, greatest }: Spread): string {
  const fraction = (value: number): string => (value <= 0 ? '0' : `1/${numberText(1 / value)}`);
  return `${fraction(median)} (${fraction(least)} … ${fraction(greatest)})`;
}

/** `≥ 0.9 ×`, `≤ 300 MB`, or a dash. */
export function targetText({ target, unit }: Figure): string {
  if (target === null) return '–';
  const kind = target.of === 'ratio' ? '×' : unit;
  return [bound('≥', target.atLeast, target, kind), bound('≤', target.atMost, target, kind)].filter(Boolean).join(', ');
}

function bound(sign: string, value: number | undefined, { of }: Target, kind: string): string {
  if (value === undefined) return '';
  if (of === 'ratio' && value < 0.4 && value > 0) return `${sign} 1/${numberText(1 / value)}`;
  return `${sign} ${numberText(value)} ${kind}`;
}
