import type { ColumnValue } from '@app/change';
import { readTimestamp } from './timestamp.js';

/** A value as a decoder or `COPY` gives it; undefined where it was not sent. */
export type Cell = ColumnValue | undefined;

/** Surrogates that belong together are in the first, so that the second, which is slow, hardly ever runs. */
const UNUSUAL = /[\0\ud800-\udfff]/;
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

/** A text column; NULL and not sent are ''. */
export function textOf(value: Cell): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : String(value);
}

/** A number, from its text too; NaN for NULL, for not sent, and for what is no number. */
export function numberOf(value: Cell): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

/** A finite number, or null. */
export function finiteOf(value: Cell): number | null {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : null;
}

/** A boolean, from PostgreSQL's `t` and from `true` too; everything else is false. */
export function booleanOf(value: Cell): boolean {
  return value === true || value === 't' || value === 'true';
}

/** A timestamp in milliseconds since the Unix epoch; null where there is none, or none that is finite. */
export function timeOf(value: Cell): number | null {
  return typeof value === 'string' ? readTimestamp(value) : null;
}

/**
 * A json column. Where it holds a JSON string, that is unwrapped once: LiteLLM's writers differ in this
 * (METRICS.md, "Empty values"). Undefined for NULL, for not sent, and for what is no JSON.
 */
export function jsonOf(value: Cell): unknown {
  if (typeof value !== 'string') return value === null ? undefined : value;
  const outer = parseJson(value);
  return typeof outer === 'string' ? parseJson(outer) : outer;
}

/** A member of a JSON object; undefined where the value is none, or lacks it. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * A text out of JSON; '' for anything but a string. PostgreSQL keeps NUL and lone surrogates out of its own values but
 * not out of JSON inside of a JSON string, and no store or exposition format would give them back unchanged.
 */
export function jsonTextOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  return UNUSUAL.test(value) ? value.replace(UNSTORABLE, '\uFFFD') : value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
