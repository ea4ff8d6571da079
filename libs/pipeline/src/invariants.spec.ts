import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('../INVARIANTS.md', import.meta.url), 'utf8');
const NUMBERS = Array.from({ length: 11 }, (_, place) => `W${place + 1}`);

/** The files that the document names for an invariant. */
function holders(number: string): string[] {
  const item = new RegExp(`^- \\*\\*${number}\\*\\*: ([\\s\\S]*?)(?=^- \\*\\*|^## )`, 'm').exec(text)?.[1] ?? '';
  return [...item.matchAll(/`([^`]+\.ts)`/g)].map(([, path]) => path as string);
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, ROOT));
}

describe('INVARIANTS.md', () => {
  it.each(NUMBERS)('says what %s is, once', (number) => {
    expect(text.match(new RegExp(`^\\| \\*\\*${number}\\*\\* `, 'gm'))).toHaveLength(1);
  });

  it.each(NUMBERS)('names tests for %s that exist, and one of them says its number', (number) => {
    const files = holders(number);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(pathOf(file)))).toEqual([]);
    const named = new RegExp(`\\b${number}\\b`);
    expect(files.filter((file) => named.test(readFileSync(pathOf(file), 'utf8'))).length).toBeGreaterThan(0);
  });

  it('names no file that does not exist', () => {
    const files = [...text.matchAll(/`((?:libs|apps|test)\/[^`]+)`/g)].map(([, path]) => path as string);
    expect(files.filter((file) => !existsSync(pathOf(file)))).toEqual([]);
  });
});
