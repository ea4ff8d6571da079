import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigInvalid } from './config.js';
import { describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';
import { loadConfig } from './load-config.js';
import { SETTING_NAMES } from './settings.js';

/** No message of the exporter contains it, so wherever it turns up a secret has leaked. */
const MARK = 'zqXj';

/** A password whose every stretch between reserved characters bears the mark. */
const password = fc
  .array(
    fc.tuple(fc.constantFrom('', '@', ':', '/', '?', '#', '%', '&', '=', ' ', '[', '\n', 'é', '%zz', '?a=', '//')),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((separators) => separators.map(([separator], index) => `${separator}${MARK}${index}`).join(''));

const url = fc
  .tuple(password, fc.boolean(), fc.constantFrom('postgresql', 'redis', 'rediss', 'http'))
  .map(([secret, encoded, scheme]) => `${scheme}://user:${encoded ? encodeURIComponent(secret) : secret}@host:1234/5`);

const secretEnvironment: fc.Arbitrary<Environment> = fc.record(
  { DATABASE_URL: url, LITELLM_DB_PASSWORD: password, REDIS_URL: url, DATABASE_URL_FILE: fc.constant('/url') },
  { requiredKeys: [] },
);

/** Every word that the exporter says about an environment. */
function everythingSaidAbout(env: Environment, file: string): string {
  try {
    const config = loadConfig(env, () => file);
    return [...config.warnings, JSON.stringify(describeConfig(config))].join('\n');
  } catch (error) {
    if (error instanceof ConfigInvalid) return `${error.message}\n${error.stack}`;
    throw error;
  }
}

describe('secrets', () => {
  it('never appear in an error, a warning or a description, however they are written', () => {
    fc.assert(
      fc.property(secretEnvironment, url, (env, file) => {
        expect(everythingSaidAbout(env, file)).not.toContain(MARK);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never appear when they are pasted into a variable beside their own', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SETTING_NAMES), url, (name, secret) => {
        expect(everythingSaidAbout({ [name]: secret, METRICS_PORT: 'x' }, secret).replaceAll('\\', '')).not.toContain(
          MARK,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('are shown as redacted where they are set', () => {
    const config = loadConfig({ LITELLM_DB_PASSWORD: MARK, REDIS_URL: `redis://me:${MARK}@cache:6379/1` });
    expect(describeConfig(config)).toMatchObject({
      database: { password: '***' },
      redis: { url: 'redis://***@cache:6379/1' },
    });
    expect(describeConfig(loadConfig({}))).toMatchObject({ database: { password: null }, redis: null });
  });

  it('are the only thing a description changes: lengths of time read as they are written', () => {
    const described = describeConfig(loadConfig({ METRICS_SPEND_WINDOW: '36h', METRICS_TAG_EXCLUDE: '' }));
    expect(described).toMatchObject({ windows: { spend: '36h', request: '1d', error: '1h' }, tagExclude: null });
  });
});
