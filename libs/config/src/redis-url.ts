/**
 * What is wrong with a Redis URL, without any part of it; null when it can be used. Parameters after `?` are refused,
 * but `family`, which is what IPv6 needs.
 */
export function problemOfRedisUrl(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
    decodeURIComponent(url.username);
    decodeURIComponent(url.password);
  } catch {
    return 'it is not a URL';
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') return 'it has to begin with redis:// or rediss://';
  if (url.hostname === '') return 'it names no host';
  if (!/^(\/\d{0,5})?$/.test(url.pathname)) return 'after the host stands a number, or nothing';
  if (url.hash !== '') return 'it holds a #';
  if ([...url.searchParams.keys()].some((name) => name !== 'family')) return 'the parameters after ? are not known';
  return null;
}

/** True for a URL that asks for TLS. */
export function asksForTls(text: string): boolean {
  return text.startsWith('rediss://');
}

/** The number of the database in a URL without problems. */
export function databaseOf(text: string): number {
  return Number(new URL(text).pathname.slice(1));
}
