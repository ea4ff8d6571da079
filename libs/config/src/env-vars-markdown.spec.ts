import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { envVarsMarkdown } from './env-vars-markdown.js';
import { settingsTable } from './settings.js';

const DOCUMENT = fileURLToPath(new URL('../../../ENV_VARS.md', import.meta.url));

describe('ENV_VARS.md', () => {
  it('equals the table of settings (`npm run docs:env` writes it)', () => {
    if (process.env.UPDATE_DOCS === '1') writeFileSync(DOCUMENT, envVarsMarkdown());
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(envVarsMarkdown());
  });

  it('says what every setting is for, and what is accepted, in words', () => {
    for (const row of settingsTable()) {
      expect(row.description).toMatch(/\S\.$/);
      expect(row.accepted).not.toMatch(/\.$/);
    }
  });

  it('gives a file twin to every secret, and to nothing else', () => {
    for (const row of settingsTable()) expect(row.fileTwin !== null).toBe(row.secret);
  });
});
