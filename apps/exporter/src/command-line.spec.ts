import { SETTING_GROUPS, settingsTable } from '@app/config';
import { describe, expect, it } from '@jest/globals';
import { furtherHelp } from './command-line.js';

describe('--help', () => {
  const lines = furtherHelp().split('\n');

  it('has every setting once, under the headings of ENV_VARS.md', () => {
    const headings = lines.filter((line) => /^\w.*:$/.test(line));
    const names = lines.flatMap((line) => /^ {2}([A-Z_]+)\b/.exec(line)?.[1] ?? []);
    expect(headings.slice(1)).toEqual([...SETTING_GROUPS, 'Exit codes'].map((group) => `${group}:`));
    expect(names).toEqual(settingsTable().map(({ name }) => name));
  });

  it('says what each exit code means', () => {
    const codes = lines
      .slice(lines.indexOf('Exit codes:') + 1)
      .flatMap((line) => /^ {2}(\d) {2}\w/.exec(line)?.[1] ?? []);
    expect(codes).toEqual(['0', '1', '2']);
  });
});
