import { isIPv6 } from 'node:net';
import type { ExporterConfig } from '@app/config';

/** Addresses that stand for all of a machine's. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Where the metrics are, for whoever reads the log: a URL that can be followed, and whether they are there only. */
export function metricsPlace({ host, port, path }: ExporterConfig['http'], secure: boolean): string {
  const scheme = secure ? 'https' : 'http';
  if (host === null || UNSPECIFIED.has(host)) return `${scheme}://localhost:${port}${path}, on all addresses`;
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
}
