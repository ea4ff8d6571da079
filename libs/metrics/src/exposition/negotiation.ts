import type { Dialect } from './dialect.js';

/** What an answer is written in. */
export interface NegotiatedFormat {
  readonly dialect: Dialect;
  readonly contentType: string;
}

interface AcceptedRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** Schemes for names outside of the old character set. Ours all lie inside, so that every scheme leaves them alone. */
const ESCAPING_SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'];

/** What Prometheus itself falls back to. */
const DEFAULT_ESCAPING = 'underscores';

const TEXT_0_0_4: NegotiatedFormat = { dialect: 'text', contentType: 'text/plain; version=0.0.4; charset=utf-8' };

/**
 * Chooses the format by the Accept header (prometheus.io, "Scrape protocol content negotiation"): the supported type of
 * the highest quality, the earlier one among equals; text 0.0.4 when nothing else is left. Depends on nothing but the
 * header.
 */
export function negotiateFormat(accept: string | undefined): NegotiatedFormat {
  const ranges = parseAccept(accept ?? '').sort((one, other) => other.quality - one.quality);
  for (const range of ranges) {
    const format = range.quality > 0 ? formatOf(range) : undefined;
    if (format !== undefined) return format;
  }
  return TEXT_0_0_4;
}

/** True where the Accept-Encoding header lets us answer with gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const codings = parseAccept(acceptEncoding ?? '');
  const gzip =
    codings.find(({ type }) => type === 'gzip' || type === 'x-gzip') ?? codings.find(({ type }) => type === '*');
  return gzip !== undefined && gzip.quality > 0;
}

function formatOf({ type, parameters }: AcceptedRange): NegotiatedFormat | undefined {
  const version = parameters.get('version');
  switch (type) {
    case 'application/openmetrics-text':
      return version === undefined || version === '1.0.0'
        ? { dialect: 'openmetrics', contentType: versionOne('application/openmetrics-text', parameters) }
        : undefined;
    case 'text/plain':
      if (version === '1.0.0') return { dialect: 'text', contentType: versionOne('text/plain', parameters) };
      return version === undefined || version === '0.0.4' ? TEXT_0_0_4 : undefined;
    case 'text/*':
    case '*/*':
      return TEXT_0_0_4;
    default:
      return undefined;
  }
}

/** Types of version 1.0.0 answer with the escaping scheme; what was asked for is repeated only if it is a known one. */
function versionOne(type: string, parameters: ReadonlyMap<string, string>): string {
  const asked = parameters.get('escaping') ?? '';
  const escaping = ESCAPING_SCHEMES.includes(asked) ? asked : DEFAULT_ESCAPING;
  return `${type}; version=1.0.0; charset=utf-8; escaping=${escaping}`;
}

function parseAccept(header: string): AcceptedRange[] {
  return header
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .filter(([type]) => type !== undefined && type !== '')
    .map(([type, ...rest]) => {
      const parameters = new Map(rest.map(parseParameter));
      return { type: (type as string).toLowerCase(), parameters, quality: qualityOf(parameters.get('q')) };
    });
}

function parseParameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at === -1) return [text.toLowerCase(), ''];
  const value = text.slice(at + 1).trim();
  return [text.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')];
}

/** 1 without a quality (RFC 9110, 12.4.2); 0 for one that is no number. */
function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const quality = /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : 0;
  return Math.min(1, quality);
}
