import { isIPv6 } from 'node:net';

/** One name as Node.js writes it: its kind, and the value, as a JSON text where it holds anything unusual. */
const NAME = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
const KINDS = new Set(['DNS', 'IP Address', 'email', 'URI']);

/**
 * The names in the `subjectAltName` of a certificate that a client may be known by: DNS, IP, e-mail and URI. None at all
 * where the text can't be read to its end.
 */
export function subjectAltNames(text: string | undefined): readonly string[] {
  const names: string[] = [];
  NAME.lastIndex = 0;
  while (text !== undefined && NAME.lastIndex < text.length) {
    const [, kind = '', value = ''] = NAME.exec(text) ?? [];
    if (NAME.lastIndex === 0) return [];
    if (KINDS.has(kind)) names.push(canonical(value.startsWith('"') ? String(JSON.parse(value)) : value));
  }
  return names;
}

/** One spelling for each name: an IPv6 address has many. */
export function canonical(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}
