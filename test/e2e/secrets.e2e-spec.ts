import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { Redis } from 'ioredis';
import pg from 'pg';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { awaitUntil } from '../support/await-until.js';
import { Certificates } from '../support/certificates.js';
import { type AppProcess, startApp } from '../support/exporter-process.js';
import { createLitellmTables } from '../support/litellm-tables.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

/** Planted in every secret, so that what is found of it anywhere has leaked; with characters that have to be encoded. */
const PLANTED = {
  database: 'zqDb/p@ss word1',
  redis: 'zqRd:p@ss+word2',
  sentinel: 'zqSe#p@ss=word3',
  web: 'zqWeb%p@ss&word4',
} as const;
const HASH = hashSync(PLANTED.web, 4);
const LOGIN = `Basic ${Buffer.from(`prometheus:${PLANTED.web}`).toString('base64')}`;

/** Every form in which a secret may turn up in a text. */
function formsOf(secret: string): string[] {
  const encoded = encodeURIComponent(secret);
  const bytes = [secret, `prometheus:${secret}`, `:${secret}`, `x${secret}`, encoded];
  // Base64 of a text depends on where in its threes it begins: what lies in the middle is compared.
  const base64 = bytes.flatMap((text) => {
    const whole = Buffer.from(text).toString('base64');
    return [whole.replace(/=+$/, ''), Buffer.from(text).toString('base64url').replace(/=+$/, '')];
  });
  const escaped = JSON.stringify(secret).slice(1, -1);
  const stems = [secret.slice(0, 4)];
  return [secret, encoded, encodeURI(secret), escaped, Buffer.from(secret).toString('hex'), ...base64, ...stems];
}

/** What of the planted secrets a text holds, and of keys and hashes. */
function leaksIn(text: string): string[] {
  const secrets = [...Object.values(PLANTED).flatMap(formsOf), HASH, HASH.slice(7), 'PRIVATE KEY'];
  return secrets.filter((secret) => text.includes(secret));
}

const certificates = new Certificates();
let postgres: PostgresServer;
let redis: RedisServer;
let sql: pg.Client;
let admin: Redis;
const running: AppProcess[] = [];

const database = encodeURIComponent(PLANTED.database);
const databaseUrl = (port: number, name = 'postgres'): string =>
  `postgresql://exporter:${database}@127.0.0.1:${port}/${name}`;
const redisUrl = (port: number, scheme = 'redis'): string =>
  `${scheme}://exporter:${encodeURIComponent(PLANTED.redis)}@127.0.0.1:${port}/0`;

function file(name: string, text: string): string {
  writeFileSync(certificates.file(name), text);
  return certificates.file(name);
}

beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    startPostgres({ flavor: 'embedded-18', settings: {} }),
    startRedis({ settings: {} }),
  ]);
  certificates.authority();
  certificates.certificate('server', { names: 'DNS:localhost,IP:127.0.0.1' });
  sql = new pg.Client(postgres.url());
  await sql.connect();
  await createLitellmTables(sql);
  await sql.query(`CREATE ROLE exporter SUPERUSER LOGIN PASSWORD '${PLANTED.database}'`);
  admin = new Redis(redis.url);
  admin.on('error', () => {});
  await setRedisPassword(PLANTED.redis);
}, 120_000);

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop('SIGTERM', 30_000);
});

afterAll(async () => {
  admin?.disconnect();
  await sql?.end();
  await Promise.all([postgres?.[Symbol.asyncDispose](), redis?.[Symbol.asyncDispose]()]);
  certificates[Symbol.dispose]();
});

async function setRedisPassword(password: string): Promise<void> {
  await admin.acl('SETUSER', 'exporter', 'reset', 'on', `>${password}`, '+@all', '~*');
}

function start(app: 'exporter' | 'cli', env: Readonly<Record<string, string>>, ...argv: string[]): AppProcess {
  const started = startApp({ app, env, argv });
  running.push(started);
  return started;
}

/** An exporter with basic authentication and every log line there is. */
async function exporter(env: Readonly<Record<string, string>>, format = 'text') {
  const port = String(await freePort());
  const web = file('web.yml', `basic_auth_users:\n  prometheus: ${HASH}\n`);
  const all = { METRICS_HOST: '127.0.0.1', METRICS_PORT: port, LOG_LEVEL: 'debug', LOG_FORMAT: format };
  const app = start('exporter', { WEB_CONFIG_FILE: web, ...all, ...env });
  const get = async (path: string, headers: Readonly<Record<string, string>> = { authorization: LOGIN }) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
  const everything = async (): Promise<string> => {
    const wrong = `Basic ${Buffer.from(`prometheus:wrong ${PLANTED.web}`).toString('base64')}`;
    const paths = ['/', '/status.json', '/metrics', '/readyz', '/livez', '/nothing'];
    const answers = await Promise.all([...paths.map((path) => get(path)), get('/metrics', { authorization: wrong })]);
    return [...answers, ...app.logs].join('\n');
  };
  const isReady = async (): Promise<boolean> => (await get('/readyz')) === 'ok\n';
  return { app, get, everything, isReady };
}

describe('secrets of a running exporter', () => {
  it('would be found in any of their forms', () => {
    const { database: secret } = PLANTED;
    const forms = [
      secret,
      databaseUrl(1),
      encodeURI(secret),
      Buffer.from(`prometheus:${PLANTED.web}`).toString('base64'),
    ];
    for (const text of forms) expect(leaksIn(`before ${text} after`)).not.toEqual([]);
  });

  it('are in no log line at any level and in no answer, while all goes well', async () => {
    const env = { DATABASE_URL: databaseUrl(postgres.port), REDIS_URL_FILE: file('redis', redisUrl(redis.port)) };
    const { everything, isReady } = await exporter({ ...env, REDIS_SENTINEL_PASSWORD: PLANTED.sentinel });
    await awaitUntil(isReady, { timeout: 60_000, interval: 200, what: 'readiness' });
    const text = await everything();
    expect(text).toMatch(/litellm_exporter_ready 1/);
    expect(leaksIn(text)).toEqual([]);
  }, 120_000);

  it.each<[string, () => Readonly<Record<string, string>>, RegExp]>([
    [
      'a wrong password of the database',
      () => ({ DATABASE_URL: databaseUrl(postgres.port).replace('zqDb', 'zqDbX') }),
      /does not let .*exporter.* in/,
    ],
    [
      'a database that is not there',
      () => ({ DATABASE_URL: databaseUrl(postgres.port, 'nowhere') }),
      /no database .*nowhere/,
    ],
    ['an unreachable database', () => ({ DATABASE_URL: databaseUrl(1) }), /can't be reached/],
    [
      'a database without TLS',
      () => ({
        DATABASE_URL: `${databaseUrl(postgres.port)}?sslmode=verify-full`,
        LITELLM_DB_SSLROOTCERT: certificates.file('ca.pem'),
        LITELLM_DB_SSLCERT: certificates.file('server.pem'),
        LITELLM_DB_SSLKEY: certificates.file('server.key'),
      }),
      /no TLS connection/,
    ],
    [
      'a wrong password of Redis',
      () => ({ DATABASE_URL: databaseUrl(postgres.port), REDIS_URL: redisUrl(redis.port).replace('zqRd', 'zqRdX') }),
      /refuses the login: WRONGPASS/,
    ],
    [
      'an unreachable Redis',
      () => ({ DATABASE_URL: databaseUrl(postgres.port), REDIS_URL: redisUrl(1) }),
      /can't be reached/,
    ],
    [
      'a Redis without TLS',
      () => ({ DATABASE_URL: databaseUrl(postgres.port), REDIS_URL: redisUrl(redis.port, 'rediss') }),
      /Redis at .* can't be reached/,
    ],
    [
      'Sentinels that are none',
      () => ({
        DATABASE_URL: databaseUrl(postgres.port),
        REDIS_URL: redisUrl(redis.port),
        REDIS_SENTINELS: `127.0.0.1:${redis.port}`,
        REDIS_SENTINEL_NAME: 'mymaster',
        REDIS_SENTINEL_PASSWORD: PLANTED.sentinel,
      }),
      /Redis at mymaster/,
    ],
  ])(
    'are nowhere in the failure of %s',
    async (_, env, told) => {
      const { app, everything } = await exporter(env(), 'json');
      await app.awaitLog(told, 60_000);
      expect(leaksIn(await everything())).toEqual([]);
    },
    90_000,
  );

  it('that are wrong settings end the start without being shown', async () => {
    const wrong: Readonly<Record<string, string>>[] = [
      { DATABASE_URL: `mysql://exporter:${PLANTED.database}@db/x`, REDIS_URL: `http://${PLANTED.redis}` },
      { DATABASE_URL: `postgresql://exporter:${PLANTED.database}@db/x`, METRICS_PORT: PLANTED.database },
      {
        DATABASE_URL_FILE: file('bad-url', PLANTED.database),
        LITELLM_DB_HOST: PLANTED.database,
        LITELLM_DB_PASSWORD: PLANTED.database,
      },
      {
        REDIS_URL: redisUrl(1),
        REDIS_SENTINEL_PASSWORD: PLANTED.sentinel,
        REDIS_SENTINEL_PASSWORD_FILE: '/x',
        REDIS_KEY_PREFIX: PLANTED.redis,
      },
      { WEB_CONFIG_FILE: file('bad.yml', `basic_auth_users:\n  prometheus: ${PLANTED.web}\n  "x": *${PLANTED.web}\n`) },
      {
        WEB_CONFIG_FILE: file(
          'bad2.yml',
          `basic_auth_users:\n  prometheus: ${HASH}x\n  bob: ${JSON.stringify(PLANTED.web)}\n`,
        ),
      },
      { WEB_CONFIG_FILE: file('bad3.yml', `tls_server_config:\n  cert_file: server.pem\n  key_file: ca.key\n`) },
    ];
    for (const env of wrong) {
      const app = start('exporter', env);
      expect(await app.ended).toEqual({ code: 2, signal: null });
      expect(app.logs.join('\n')).toMatch(/ENV_VARS\.md|docs\/DEPLOYMENT\.md/);
      expect(leaksIn(app.logs.join('\n'))).toEqual([]);
    }
  }, 90_000);

  it('are not in --help, nor in what commands print', async () => {
    const env = { DATABASE_URL: databaseUrl(1), REDIS_URL: redisUrl(1), REDIS_SENTINEL_PASSWORD: PLANTED.sentinel };
    const apps = [
      start('exporter', env, '--help'),
      start('cli', env, 'slot', 'drop', '--wait', '1'),
      start('cli', env, '--help'),
    ];
    for (const app of apps) {
      await app.ended;
      expect(app.logs.length).toBeGreaterThan(0);
      expect(leaksIn(app.logs.join('\n'))).toEqual([]);
    }
  });
});

describe('secrets in files', () => {
  it('that are rotated are used at the next connection, without a restart', async () => {
    const password = file('pw', PLANTED.database);
    const url = file('redis-url', redisUrl(redis.port));
    const env = {
      LITELLM_DB_HOST: '127.0.0.1',
      LITELLM_DB_PORT: String(postgres.port),
      LITELLM_DB_NAME: 'postgres',
      LITELLM_DB_USER: 'exporter',
      LITELLM_DB_PASSWORD_FILE: password,
      REDIS_URL_FILE: url,
      REPLICATION_SLOT: 'rotation',
      REDIS_KEY_PREFIX: 'rotation',
    };
    const { app, get, everything, isReady } = await exporter(env);
    const streaming = async (): Promise<boolean> =>
      /replication_connected 1\n/.test(await get('/metrics')) && (await isReady());
    await awaitUntil(streaming, { timeout: 60_000, interval: 200, what: 'the stream' });
    await sql.query(`ALTER ROLE exporter PASSWORD '${PLANTED.web}'`);
    await setRedisPassword(PLANTED.sentinel);
    await sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'exporter'");
    await admin.client('KILL', 'USER', 'exporter');
    await app.awaitLog(/does not let .*exporter.* in|refuses the login/, 60_000);
    writeFileSync(password, `${PLANTED.web}\n`);
    writeFileSync(
      url,
      redisUrl(redis.port).replace(encodeURIComponent(PLANTED.redis), encodeURIComponent(PLANTED.sentinel)),
    );
    await awaitUntil(streaming, { timeout: 90_000, interval: 500, what: 'the stream with the new secrets' });
    expect(app.isRunning()).toBe(true);
    expect(leaksIn(await everything())).toEqual([]);
  }, 240_000);
});
