import { isIPv6 } from 'node:net';
import { z } from 'zod';

const UNIT_MILLISECONDS = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
const DURATION = /^([1-9]\d{0,6})([dhm])$/;
const LONGEST_DURATION = 3_650 * UNIT_MILLISECONDS.d;
/** The bounds of every length of time, in words. */
export const DURATION_BOUNDS = '1m to 3650d';
/** Upper bounds that a histogram may have. */
export const MOST_BUCKETS = 100;

/** `<n>d`, `<n>h` or `<n>m` in milliseconds; null for any other text, 0 and more than ten years included. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const milliseconds = Number(match[1]) * UNIT_MILLISECONDS[match[2] as keyof typeof UNIT_MILLISECONDS];
  return milliseconds > LONGEST_DURATION ? null : milliseconds;
}

/** The shortest text that {@link parseDuration} reads back as the same length; `0` for none. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  for (const unit of ['d', 'h'] as const) {
    if (milliseconds % UNIT_MILLISECONDS[unit] === 0) return `${milliseconds / UNIT_MILLISECONDS[unit]}${unit}`;
  }
  return `${milliseconds / UNIT_MILLISECONDS.m}m`;
}

/** A form that a plain function reads: null means "not accepted". */
function form<T>(read: (text: string) => T | null): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: 'not accepted' });
    return z.NEVER;
  });
}

/** A length of time in milliseconds. */
export const duration = form(parseDuration);

/** A length of time in milliseconds, where `0` stands for "none". */
export const durationOrZero = form((text) => (text === '0' ? 0 : parseDuration(text)));

/** A whole number in decimal digits, both ends included. */
export function integer(least: number, most: number): z.ZodType<number, string> {
  return form((text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : null;
  });
}

/** A TCP port. */
export const port = integer(1, 65_535);

/** `host:port`, or a host alone, comma-separated; an IPv6 address in brackets. */
export function addresses(defaultPort: number): z.ZodType<readonly { host: string; port: number }[], string> {
  return form((text) => {
    const found = text
      .split(',')
      .map((part) => /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(part.trim()));
    const read = found.flatMap((match) => {
      const host = match?.[1] ?? match?.[2];
      const port = Number(match?.[3] ?? defaultPort);
      return host === undefined || port < 1 || port > 65_535 ? [] : [{ host, port }];
    });
    return read.length === found.length ? read : null;
  });
}

/** `true` or `false`, and nothing that merely resembles them. */
export const boolean = form((text) => (text === 'true' ? true : text === 'false' ? false : null));

/** One of the given words. */
export function oneOf<const Words extends readonly string[]>(...words: Words): z.ZodType<Words[number], string> {
  return form((text) => words.find((word) => word === text) ?? null);
}

/** Any text. */
export const anyText: z.ZodType<string, string> = z.string();

/** A text that matches. */
export function matching(pattern: RegExp): z.ZodType<string, string> {
  return form((text) => (pattern.test(text) ? text : null));
}

/** Upper bounds of a histogram's buckets: positive, finite, strictly ascending. */
export const buckets: z.ZodType<readonly number[], string> = form((text) => {
  const bounds = text.split(',').map((part) => (/^\s*\d+(\.\d+)?\s*$/.test(part) ? Number(part) : Number.NaN));
  const ascending = bounds.every((bound, index) => bound > (bounds[index - 1] ?? 0) && Number.isFinite(bound));
  return ascending && bounds.length <= MOST_BUCKETS ? bounds : null;
});

/** A regular expression of JavaScript; null for the empty text. */
export const regularExpression: z.ZodType<RegExp | null, string> = z.string().transform((text, context) => {
  if (text === '') return null;
  try {
    return new RegExp(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'not accepted' });
    return z.NEVER;
  }
});

/** Names of metric families, comma-separated, with `*` for any run of characters. */
export const familyPatterns: z.ZodType<readonly string[], string> = form((text) => {
  const patterns = text.split(',').map((part) => part.trim());
  return patterns.every((pattern) => /^[a-zA-Z_:*][a-zA-Z0-9_:*]*$/.test(pattern)) ? patterns : null;
});

/** A name of PostgreSQL's as the catalogue spells it: 1 to 63 bytes. */
export const identifier = form((text) => {
  const size = Buffer.byteLength(text);
  return size >= 1 && size <= 63 && !text.includes('\0') ? text : null;
});

/** Host name, IP address, or the directory of a Unix socket; a port behind it is not accepted. */
export const host = form((text) =>
  /^\/[^\0]*$/.test(text) || /^[A-Za-z0-9._-]+$/.test(text) || isIPv6(text) ? text : null,
);
