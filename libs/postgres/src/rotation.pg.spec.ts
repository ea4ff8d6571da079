import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates } from '../../../test/support/certificates.js';
import { type GivenUpstream, givenUpstream } from '../../../test/support/given-upstream.js';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.js';
import type { ServerLogin } from './options.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

(hasOpenssl ? describe : describe.skip)(
  'a server that asks for a client certificate, and passwords that change',
  () => {
    const certificates = new Certificates();
    let server: PostgresServer;
    let given: GivenUpstream;

    /** Puts a file into the data directory, for the server's account alone. */
    function install(name: string, text: string): void {
      const path = join(server.dataDirectory, name);
      const { uid, gid } = statSync(server.dataDirectory);
      writeFileSync(path, text, { mode: 0o600 });
      chownSync(path, uid, gid);
    }

    beforeAll(async () => {
      certificates.authority();
      certificates.authority('stranger');
      certificates.certificate('server', { names: 'DNS:localhost' });
      certificates.certificate('client', { commonName: 'by_certificate' });
      certificates.certificate('other', { commonName: 'somebody' });
      certificates.certificate('unknown', { commonName: 'by_certificate', authority: 'stranger' });
      server = await startPostgres({ flavor: 'debian-15', settings: {} });
      given = await givenUpstream(server);
      install('server.crt', certificates.read('server.pem'));
      install('server.key', certificates.read('server.key'));
      install('ca.crt', certificates.read('ca.pem'));
      const hba = readFileSync(join(server.dataDirectory, 'pg_hba.conf'), 'utf8');
      const lines = ['all', 'replication'].map((database) => `hostssl ${database} by_certificate all cert\n`);
      install('pg_hba.conf', `${lines.join('')}${hba}`);
      await given.sql.query(
        "CREATE ROLE by_certificate SUPERUSER LOGIN; CREATE ROLE rotating SUPERUSER LOGIN PASSWORD 'one'",
      );
      await given.sql.query("ALTER SYSTEM SET ssl_ca_file = 'ca.crt'");
      await given.sql.query('ALTER SYSTEM SET ssl = on');
      await given.sql.query('SELECT pg_reload_conf()');
    }, 60_000);
    afterAll(async () => {
      certificates[Symbol.dispose]();
      await given?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    const login = (name: string): ServerLogin => ({
      host: 'localhost',
      port: server.port,
      user: 'by_certificate',
      password: undefined,
      sslMode: 'verify-full',
      sslRootCert: certificates.read('ca.pem'),
      sslCert: certificates.read(`${name}.pem`),
      sslKey: certificates.read(`${name}.key`),
    });

    it('lets in by certificate alone, at verify-full', async () => {
      const session = await given.connect(login('client'));
      const { rows } = await given.sql.query(
        "SELECT DISTINCT client_dn FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'by_certificate'",
      );
      await session.close();
      expect(rows).toEqual([{ client_dn: '/CN=by_certificate' }]);
    });

    it.each([
      ['other', /certificate authentication failed/],
      ['unknown', /unknown ca|TLS|SSL|certificate/i],
    ])('turns the certificate %s away, with a reason and no key in it', async (name, reason) => {
      const failure = await given.connect(login(name)).then(String, (error: Error) => error);
      expect(String((failure as Error).message)).toMatch(reason);
      expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('PRIVATE KEY');
    });

    it('uses what has been rotated at the next connection', async () => {
      let now: Partial<ServerLogin> = { password: 'one' };
      const renew = (): ServerLogin => ({ ...login('client'), user: 'rotating', ...now });
      const upstream = given.upstream({ renew });
      const connect = () => upstream.connect(new AbortController().signal);
      await (await connect()).close();
      await given.sql.query("ALTER ROLE rotating PASSWORD 'two'");
      await expect(connect()).rejects.toMatchObject({ kind: 'authentication-failed' });
      now = { password: 'two' };
      await (await connect()).close();
      now = { user: 'by_certificate' };
      await (await connect()).close();
    });
  },
);
