import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { freePort } from '../../../../scripts/servers/free-port.mjs';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { Certificates } from '../../../../test/support/certificates.js';
import { FakePostgres } from '../../../../test/support/fake-postgres.js';
import { type GivenExporter, givenExporter } from '../../../../test/support/given-exporter.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const HASH = hashSync('correct horse', 4);
const LOGIN = `Basic ${Buffer.from('alice:correct horse').toString('base64')}`;
const SERVER = 'tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n';
const CLIENTS = `${SERVER}  client_ca_file: ca.pem\n`;
const USERS = `basic_auth_users:\n  alice: ${HASH}\n`;

/** How a request ended. */
interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingMessage['headers'];
  /** Serial number of the server's certificate. */
  readonly serial: string;
}

(hasOpenssl ? describe : describe.skip)('WEB_CONFIG_FILE', () => {
  const certificates = new Certificates();
  let exporter: GivenExporter | null = null;

  beforeAll(() => {
    certificates.authority();
    certificates.authority('stranger');
    certificates.certificate('server', { names: 'DNS:localhost,IP:127.0.0.1' });
    certificates.certificate('prometheus', { names: 'DNS:prometheus.internal,IP:2001:db8::1' });
    certificates.certificate('other', { names: 'DNS:other.internal' });
    certificates.certificate('unknown', { names: 'DNS:prometheus.internal', authority: 'stranger' });
  });
  afterEach(async () => {
    await exporter?.[Symbol.asyncDispose]();
    exporter = null;
  });
  afterAll(() => certificates[Symbol.dispose]());

  const path = certificates.file('web.yml');
  async function given(text: string, env: Readonly<Record<string, string>> = {}): Promise<GivenExporter> {
    writeFileSync(path, text);
    exporter = await givenExporter(new FakePostgres(), { WEB_CONFIG_FILE: path, ...env });
    return exporter;
  }

  function ask(url: string, options: RequestOptions = {}): Promise<Answer> {
    const agent = options.agent ?? new Agent({ keepAlive: false });
    return new Promise((resolve, reject) => {
      const sent = request(url, { ca: certificates.read('ca.pem'), agent, ...options }, (response) => {
        const { serialNumber: serial } = (response.socket as TLSSocket).getPeerCertificate();
        const { statusCode: status = 0, headers } = response;
        buffer(response).then((body) => resolve({ status, text: body.toString(), headers, serial }), reject);
      });
      sent.on('error', reject).end();
    });
  }
  const withLogin = { headers: { authorization: LOGIN } };
  const as = (name: string): RequestOptions => ({
    cert: certificates.read(`${name}.pem`),
    key: certificates.read(`${name}.key`),
  });

  it('asks for user and password everywhere but at the probes, on both ports', async () => {
    const telemetry = await freePort();
    const { origin, get } = await given(USERS, { TELEMETRY_PORT: String(telemetry) });
    for (const path of ['/metrics', '/', '/status.json', '/nothing']) {
      const refused = await get(path);
      expect([path, refused.status, refused.headers.get('www-authenticate')]).toEqual([
        path,
        401,
        'Basic realm="litellm-exporter", charset="UTF-8"',
      ]);
      expect((await get(path, withLogin)).status).toBe(path === '/nothing' ? 404 : 200);
    }
    for (const path of ['/livez', '/healthz', '/readyz?x=1']) expect((await get(path)).status).not.toBe(401);
    const other = `http://127.0.0.1:${telemetry}/metrics`;
    expect((await fetch(other)).status).toBe(401);
    expect((await fetch(other, withLogin)).status).toBe(200);
    expect(origin).toMatch(/^http:/);
  });

  it('takes no other login than the right one', async () => {
    const { get } = await given(USERS);
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    const wrong = [
      'Basic',
      'Basic !',
      basic('alice'),
      basic('alice:'),
      basic('alice:correct'),
      basic(':correct horse'),
    ];
    wrong.push(basic('bob:correct horse'), basic('Alice:correct horse'), `Bearer ${HASH}`, basic(`alice:${HASH}`));
    for (const authorization of wrong) expect((await get('/metrics', { headers: { authorization } })).status).toBe(401);
    expect((await get('/metrics', { headers: { authorization: LOGIN.replace('Basic', 'bAsIc') } })).status).toBe(200);
    expect(await (await get('/metrics', withLogin)).text()).toMatch(
      /litellm_exporter_requests_refused_total\{reason="credentials"\} 10\n/,
    );
  });

  it('speaks TLS 1.2 and 1.3, or what it is limited to, and has the headers it names on every answer', async () => {
    const headers = 'http_server_config:\n  headers:\n    X-Content-Type-Options: nosniff\n';
    const { origin } = await given(`${SERVER}  min_version: TLS13\n${headers}${USERS}`);
    expect(origin).toMatch(/^https:/);
    const refused = await ask(`${origin}/metrics`);
    expect([refused.status, refused.headers['x-content-type-options']]).toEqual([401, 'nosniff']);
    expect((await ask(`${origin}/metrics`, withLogin)).status).toBe(200);
    await expect(ask(`${origin}/livez`, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
    await expect(ask(`${origin}/livez`, { ca: certificates.read('stranger.pem') })).rejects.toThrow(/certificate/);
    await expect(fetch(origin.replace('https', 'http'))).rejects.toThrow();
    expect((await ask(`${origin}/livez`)).status).toBe(200);
  });

  it.each<[string, string, Readonly<Record<string, number>>]>([
    ['RequestClientCert', '', { none: 200, prometheus: 200, unknown: 200 }],
    ['RequireAnyClientCert', '', { none: 403, prometheus: 200, unknown: 200 }],
    ['VerifyClientCertIfGiven', '', { none: 200, prometheus: 200, unknown: 403 }],
    ['RequireAndVerifyClientCert', '', { none: 403, prometheus: 200, other: 200, unknown: 403 }],
    ['RequireAndVerifyClientCert', '[prometheus.internal]', { none: 403, prometheus: 200, other: 403, unknown: 403 }],
    ['RequireAndVerifyClientCert', '["2001:DB8:0::1"]', { prometheus: 200, other: 403 }],
  ])('%s %s answers those clients whom it should, and probes without a certificate', async (type, sans, clients) => {
    const allowed = sans === '' ? '' : `  client_allowed_sans: ${sans}\n`;
    const { origin } = await given(`${CLIENTS}  client_auth_type: ${type}\n${allowed}`);
    for (const [name, status] of Object.entries(clients)) {
      const answer = await ask(`${origin}/metrics`, name === 'none' ? {} : as(name));
      expect([name, answer.status]).toEqual([name, status]);
    }
    expect((await ask(`${origin}/livez`)).status).toBe(200);
  });

  it('does not take a resumed session for a certificate', async () => {
    const { origin } = await given(`${CLIENTS}  client_auth_type: RequireAndVerifyClientCert\n`);
    const { port } = new URL(origin);
    const options = { host: '127.0.0.1', port: Number(port), ca: certificates.read('ca.pem'), servername: 'localhost' };
    const sessions: Buffer[] = [];
    const first = connect(options).on('session', (session: Buffer) => sessions.push(session));
    first.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect((await buffer(first)).toString()).toMatch(/^HTTP\/1\.1 200 /);
    // Without tickets there may be no session to come back with: then this is a second handshake.
    const second = connect({ ...options, ...(sessions[0] === undefined ? {} : { session: sessions[0] }) });
    second.write('GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect((await buffer(second)).toString()).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('is read again when it changes: users, certificates and headers, without a restart', async () => {
    certificates.certificate('rotating', { names: 'DNS:localhost,IP:127.0.0.1' });
    const rotating = SERVER.replaceAll('server.', 'rotating.');
    const { origin } = await given(`${rotating}${USERS}`);
    const agent = new Agent({ keepAlive: true });
    const before = await ask(`${origin}/metrics`, { ...withLogin, agent });
    expect(before.status).toBe(200);
    certificates.certificate('rotating', { names: 'DNS:localhost,IP:127.0.0.1' });
    await awaitUntil(async () => (await ask(`${origin}/livez`, { agent })).serial !== before.serial, {
      timeout: 15_000,
      what: 'the new certificate',
    });
    writeFileSync(path, `${rotating}${USERS.replace('alice', 'bob')}`);
    await awaitUntil(async () => (await ask(`${origin}/metrics`, withLogin)).status === 401, {
      timeout: 15_000,
      what: 'the end of a user',
    });
    const bob = { headers: { authorization: `Basic ${Buffer.from('bob:correct horse').toString('base64')}` } };
    const { text } = await ask(`${origin}/metrics`, bob);
    expect(text).toMatch(/litellm_exporter_web_config_last_reload_successful 1\n/);
    expect(text).toMatch(/litellm_exporter_web_config_reloads_total [23]\n/);
    agent.destroy();
  });

  it.each([
    ['is no YAML', () => '['],
    ['asks for another kind of server', () => USERS],
    ['names a file that is not there', () => SERVER.replace('server.pem', 'nowhere.pem')],
    ['names a key of another certificate', () => SERVER.replace('server.key', 'other.key')],
  ])('that %s after a change leaves the one before in use, and says so', async (_, text) => {
    const { origin } = await given(`${SERVER}${USERS}`);
    writeFileSync(path, text());
    await awaitUntil(async () => /last_reload_successful 0\n/.test((await ask(`${origin}/metrics`, withLogin)).text), {
      timeout: 15_000,
      what: 'a refused change',
    });
    expect((await ask(`${origin}/metrics`)).status).toBe(401);
    writeFileSync(path, `${SERVER}${USERS}\n`);
    await awaitUntil(async () => /last_reload_successful 1\n/.test((await ask(`${origin}/metrics`, withLogin)).text), {
      timeout: 15_000,
      what: 'a mended file',
    });
  });

  it.each([
    [
      'nothing is there',
      '/nowhere/web.yml',
      null,
      /WEB_CONFIG_FILE \/nowhere\/web\.yml can't be used:\n {2}the file .*ENOENT/,
    ],
    ['a key is unknown', path, 'tls: {}', /tls is not a key: expected one of tls_server_config/],
    ['key and certificate differ', path, SERVER.replace('server.key', 'other.key'), /the key is not that of the cert/],
    ['a certificate is none', path, SERVER.replace('server.pem', 'web.yml'), /cert_file: .*web\.yml is not a PEM file/],
  ])('ends the start where %s', async (_, file, text, expected) => {
    if (text !== null) writeFileSync(file, text);
    await expect(givenExporter(new FakePostgres(), { WEB_CONFIG_FILE: file })).rejects.toMatchObject({
      kind: 'setting-invalid',
      message: expect.stringMatching(expected),
    });
  });
});
