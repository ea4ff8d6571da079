import { describe, expect, it } from '@jest/globals';
import { ConfigInvalid } from './config.js';
import type { Environment } from './environment.js';
import { loadConfig } from './load-config.js';

const pem = '-----BEGIN CERTIFICATE-----';
const load = (env: Environment) => loadConfig(env, () => pem);
const database = (url: string) => load({ DATABASE_URL: url }).database;

function problemsOf(env: Environment): string {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems.join('\n');
    throw error;
  }
  return '';
}

describe('DATABASE_URL', () => {
  it('says where the database is', () => {
    expect(database('postgresql://app:pw@db.internal:6432/llm')).toMatchObject({
      host: 'db.internal',
      port: 6432,
      user: 'app',
      password: 'pw',
      name: 'llm',
      schema: 'public',
    });
  });

  it('leaves what it does not say to the defaults', () => {
    expect(database('postgres://db')).toMatchObject({
      host: 'db',
      port: 5432,
      user: 'postgres',
      password: null,
      name: 'litellm',
    });
  });

  it.each([
    ['postgresql://a%40b:p%2Fw%25%3A%23@h/my%20db', { user: 'a@b', password: 'p/w%:#', name: 'my db' }],
    ['postgresql://u:p:w@h/db', { password: 'p:w' }],
    ['postgresql://u:p@w@h/db', { password: 'p@w', host: 'h' }],
    ['postgresql://u:p#w@h/db', { password: 'p#w', host: 'h' }],
    ['postgresql://u@[2001:db8::1]:5433/db', { host: '2001:db8::1', port: 5433 }],
    ['postgresql://u@%2Fvar%2Frun%2Fpostgresql/db', { host: '/var/run/postgresql' }],
    ['postgresql://u:p@localhost/db?host=/var/run/postgresql', { host: '/var/run/postgresql' }],
    ['postgresql:///db?host=/run&port=5433&user=me', { host: '/run', port: 5433, user: 'me', name: 'db' }],
  ])('reads %s', (url, expected) => {
    expect(database(url)).toMatchObject(expected);
  });

  it('honours schema and sslmode, and drops what only Prisma knows without a word', () => {
    const config = load({
      DATABASE_URL:
        'postgresql://u:p@h/db?schema=LiteLLM&connection_limit=100&pool_timeout=60&socket_timeout=5&statement_cache_size=0' +
        '&sslmode=require&sslrootcert=/ca.pem&connect_timeout=10&pgbouncer=false',
    });
    expect(config.database.schema).toBe('LiteLLM');
    expect(config.database.ssl).toMatchObject({ mode: 'require', rootCert: { path: '/ca.pem', pem } });
    expect(config.warnings).toEqual([]);
  });

  it('takes client certificate and key together, and warns of a certificate alone, which is an authority to Prisma', () => {
    expect(database('postgresql://h/db?sslcert=/c.pem&sslkey=/k.pem').ssl.key?.path).toBe('/k.pem');
    const config = load({ DATABASE_URL: 'postgresql://h/db?sslcert=/c.pem' });
    expect(config.database.ssl.cert).toBeNull();
    expect(config.warnings.join()).toContain('LITELLM_DB_SSLROOTCERT');
  });

  it('warns of a pooler', () => {
    expect(load({ DATABASE_URL: 'postgresql://h/db?pgbouncer=true' }).warnings.join()).toContain('not a pooler');
  });

  it.each(['LITELLM_DB_HOST', 'LITELLM_DB_PORT', 'LITELLM_DB_NAME', 'LITELLM_DB_USER', 'LITELLM_DB_PASSWORD'])(
    'is refused together with %s',
    (name) => {
      expect(problemsOf({ DATABASE_URL: 'postgresql://h/db', [name]: '1' })).toContain(name);
    },
  );

  it('is refused together with the file twin of the password', () => {
    expect(problemsOf({ DATABASE_URL_FILE: '/u', LITELLM_DB_PASSWORD_FILE: '/p' })).toContain(
      'LITELLM_DB_PASSWORD_FILE',
    );
  });

  it('may be completed by the other variables, but not contradicted', () => {
    expect(load({ DATABASE_URL: 'postgresql://h/db', LITELLM_DB_SCHEMA: 's' }).database.schema).toBe('s');
    expect(load({ DATABASE_URL: 'postgresql://h/db?schema=s', LITELLM_DB_SCHEMA: 's' }).database.schema).toBe('s');
    expect(problemsOf({ DATABASE_URL: 'postgresql://h/db?schema=a', LITELLM_DB_SCHEMA: 'b' })).toContain('differ');
    expect(problemsOf({ DATABASE_URL: 'postgresql://h/db?sslmode=require', LITELLM_DB_SSLMODE: 'disable' })).toContain(
      'differ',
    );
  });

  it.each([
    'mysql://u:sesame@h/db',
    'postgresql:u:sesame@h/db',
    'postgresql://u:ses/ame@h/db',
    'postgresql://u:1/sesame@h:5432/db',
    'postgresql://u:1?sesame@h/db',
    'postgresql://u:sesame%zz@h/db',
    'postgresql://u:sesame@a,b/db',
    'postgresql://u:sesame@h:port/db',
    'postgresql://u:sesame@h:0/db',
    'postgresql://u:sesame@h/db?sslmode=sesame',
    'postgresql://u:sesame@[::1/db',
    'prisma+postgres://sesame',
  ])('%s is refused without repeating any of it', (url) => {
    const problems = problemsOf({ DATABASE_URL: url });
    expect(problems).toMatch(/^DATABASE_URL: /);
    expect(problems).not.toMatch(/sesame|ame@/);
  });
});
