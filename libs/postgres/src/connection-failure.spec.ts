import { describe, expect, it } from '@jest/globals';
import { connectionFailure, isShutdown } from './connection-failure.js';
import type { ServerOptions } from './options.js';
import { sessionOptions } from './session-settings.js';
import { isTransportRefusal, transportsOf } from './transport-security.js';

const options: ServerOptions = {
  host: 'db.example',
  port: 5432,
  database: 'litellm',
  user: 'u"ser',
  password: 'hunter2',
  sslMode: 'prefer',
};
const error = (code: string, message: string) => Object.assign(new Error(message), { code });

describe('an error at connecting', () => {
  it.each([
    ['ECONNREFUSED', 'connect ECONNREFUSED', 'connection-refused', 'LITELLM_DB_HOST'],
    ['28P01', 'password authentication failed', 'authentication-failed', 'LITELLM_DB_PASSWORD'],
    ['28000', 'no pg_hba.conf entry for host', 'authentication-failed', 'pg_reload_conf'],
    ['3D000', 'database "litellm" does not exist', 'database-missing', 'LITELLM_DB_NAME'],
    ['42501', 'must be superuser or replication role', 'privilege-missing', 'ALTER ROLE "u""ser" REPLICATION'],
    ['53300', 'number of requested standby connections exceeds max_wal_senders', 'slots-exhausted', 'max_wal_senders'],
    ['53300', 'sorry, too many clients already', 'connection-refused', 'max_connections'],
    ['57P03', 'the database system is starting up', 'server-shutting-down', undefined],
    ['42704', 'unrecognized configuration parameter "idle_session_timeout"', 'server-unsupported', '14 or later'],
    ['08P01', 'unsupported startup parameter: options', 'server-unsupported', 'unpooled host'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match', 'connection-refused', 'LITELLM_DB_SSLROOTCERT'],
    ['', 'The server does not support SSL connections', 'tls-refused', 'LITELLM_DB_SSLMODE=prefer'],
  ])('%s %s is %s', (code, message, kind, remedy) => {
    const failure = connectionFailure(error(code, message), options);
    expect(failure.kind).toBe(kind);
    if (remedy !== undefined) expect(failure.remedy).toContain(remedy);
    expect(`${failure.explain()}${failure.cause}`).not.toContain('hunter2');
  });

  it('tells the inner reason where Node.js tried several addresses', () => {
    const aggregate = new AggregateError([new Error('connect ECONNREFUSED ::1:5432')], '');
    expect(connectionFailure(aggregate, options).message).toContain('ECONNREFUSED ::1:5432');
  });

  it('knows the words of a server that goes', () => {
    expect(['57P01', '57P02', '57P03', '57014'].map((code) => isShutdown(error(code, '')))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('the ways to try', () => {
  const modes = (sslMode: ServerOptions['sslMode'], more: Partial<ServerOptions> = {}) =>
    transportsOf({ ...options, sslMode, ...more }).map((transport) =>
      transport === false ? false : transport.rejectUnauthorized,
    );

  it('are those of libpq', () => {
    expect(modes('disable')).toEqual([false]);
    expect(modes('allow')).toEqual([false, false]);
    expect(transportsOf({ ...options, sslMode: 'prefer' })[1]).toBe(false);
    expect(modes('require')).toEqual([false]);
    expect(modes('require', { sslRootCert: 'PEM' })).toEqual([true]);
    expect(modes('verify-ca')).toEqual([true]);
    expect(modes('verify-full')).toEqual([true]);
    expect(modes('verify-full', { host: '/run/postgresql' })).toEqual([false]);
    const [full] = transportsOf({ ...options, sslMode: 'verify-full' });
    const [chain] = transportsOf({ ...options, sslMode: 'verify-ca' });
    expect(full).not.toHaveProperty('checkServerIdentity');
    expect(chain).toHaveProperty('checkServerIdentity');
  });

  it('go on after a refusal of the transport, not of the password', () => {
    expect(isTransportRefusal(new Error('The server does not support SSL connections'))).toBe(true);
    expect(isTransportRefusal(error('28000', 'no pg_hba.conf entry'))).toBe(true);
    expect(isTransportRefusal(error('28P01', 'password authentication failed'))).toBe(false);
    expect(isTransportRefusal(error('ECONNREFUSED', ''))).toBe(false);
  });
});

describe('the settings of a session', () => {
  it('fix what decoders rely on, and never contain what the option would split at', () => {
    for (const purpose of ['control', 'seed', 'replication'] as const) {
      const text = sessionOptions(purpose);
      expect(text).toContain('-c TimeZone=UTC -c DateStyle=ISO');
      for (const part of text.split(' -c ')) expect(part.replace(/^-c /, '')).toMatch(/^[A-Za-z_]+=[\w-]+$/);
    }
    expect(sessionOptions('replication')).toContain('wal_sender_timeout=6000ms');
  });
});
