import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate authority, and a server certificate of it for a host; PEM texts. */
function certificates(host: string): { readonly authority: string; readonly cert: string; readonly key: string } {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-tls-'));
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' });
  try {
    const days = ['-days', '2', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    openssl('req', '-x509', ...days, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority');
    openssl('req', ...days.slice(2), '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${host}`);
    writeFileSync(join(directory, 'names'), `subjectAltName=DNS:${host}`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem');
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    return { authority: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

(hasOpenssl ? describe : describe.skip)('a server that speaks TLS', () => {
  const { authority, cert, key } = hasOpenssl ? certificates('localhost') : { authority: '', cert: '', key: '' };
  const other = hasOpenssl ? certificates('localhost').authority : '';
  let server: PostgresServer;
  let given: GivenUpstream;
  beforeAll(async () => {
    server = await startPostgres({ flavor: 'debian-15', settings: {} });
    given = await givenUpstream(server);
    // Both by functions of the server: its files have to belong to its account.
    const file = (name: string, text: string) =>
      given.sql.query(
        `COPY (SELECT line FROM unnest($a$${`{"${text.trim().split('\n').join('","')}"}`}$a$::text[]) line) TO '${join(server.dataDirectory, name)}'`,
      );
    await file('server.crt', cert);
    await file('server.key', key);
    execFileSync('chmod', ['600', join(server.dataDirectory, 'server.key')]);
    await given.sql.query('ALTER SYSTEM SET ssl = on');
    await given.sql.query('SELECT pg_reload_conf()');
    await given.connect({ sslMode: 'prefer' }).then((session) => session.close());
  }, 60_000);
  afterAll(async () => {
    await given?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const secured = async (
    sslMode: GivenUpstream['options']['sslMode'],
    more: Partial<GivenUpstream['options']> = {},
  ) => {
    const session = await given.connect({ host: 'localhost', sslMode, ...more });
    const { rows } = await given.sql.query(
      `SELECT bool_and(ssl) AS ssl, count(*)::int AS connections FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'litellm-exporter'`,
    );
    await session.close();
    return rows[0];
  };
  const tls = { ssl: true, connections: 2 };
  const plain = { ssl: false, connections: 2 };

  it('is spoken to as the ssl mode says, on every connection', async () => {
    expect(await secured('disable')).toEqual(plain);
    expect(await secured('allow')).toEqual(plain);
    expect(await secured('prefer')).toEqual(tls);
    expect(await secured('require')).toEqual(tls);
    expect(await secured('require', { sslRootCert: authority })).toEqual(tls);
    expect(await secured('verify-ca', { sslRootCert: authority, host: '127.0.0.1' })).toEqual(tls);
    expect(await secured('verify-full', { sslRootCert: authority })).toEqual(tls);
  });

  it('is refused where its certificate is not what the ssl mode asks for', async () => {
    const refusal = { kind: 'connection-refused', section: '#tls' };
    await expect(secured('verify-full', { sslRootCert: authority, host: '127.0.0.1' })).rejects.toMatchObject(refusal);
    await expect(secured('verify-full', { sslRootCert: other })).rejects.toMatchObject(refusal);
    await expect(secured('verify-ca', { sslRootCert: other })).rejects.toMatchObject(refusal);
    await expect(secured('require', { sslRootCert: other })).rejects.toMatchObject(refusal);
    await expect(secured('verify-ca')).rejects.toMatchObject(refusal);
  });
});
