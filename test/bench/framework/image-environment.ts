import { readFileSync } from 'node:fs';

/** What the image tells the C library about memory (Dockerfile): an exporter that is measured runs as users run it. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const dockerfile = readFileSync(new URL('../../../Dockerfile', import.meta.url), 'utf8');
  const settings = [...dockerfile.matchAll(/^ +(MALLOC_\w+)=(\w+) \\$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  if (settings.length === 0) throw new Error('the Dockerfile sets no MALLOC_… any more');
  return Object.fromEntries(settings);
}
