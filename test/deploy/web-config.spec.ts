import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseWebConfig } from '@app/config';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { loadWebConfig, readWebConfig } from '../../apps/exporter/src/web/loaded-web-config.js';
import { Certificates } from '../support/certificates.js';
import { ROOT } from './chart.js';
import { describeWith, runTool } from './tools.js';

const TLS = 'tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n';
const CLIENTS = `${TLS}  client_ca_file: ca.crt\n`;
const header = (name: string, value: string): string =>
  `http_server_config:\n  headers:\n    ${name}: ${JSON.stringify(value)}\n`;

/** The example in the document. */
function documented(): string {
  const text = readFileSync(join(ROOT, 'docs/DEPLOYMENT.md'), 'utf8');
  return /```yaml\n(tls_server_config:[\s\S]*?)```/.exec(text)?.[1] ?? '';
}

describeWith(['promtool'], 'a web configuration', () => {
  const certificates = new Certificates();
  const path = certificates.file('web.yml');
  beforeAll(() => {
    certificates.authority();
    certificates.certificate('server');
    for (const [from, to] of [
      ['server.pem', 'tls.crt'],
      ['server.key', 'tls.key'],
      ['ca.pem', 'ca.crt'],
    ] as const) {
      writeFileSync(certificates.file(to), certificates.read(from));
    }
  });
  afterAll(() => certificates[Symbol.dispose]());

  /** Debian 12's promtool is older than this key, and must have nothing else to say. */
  function takenByPromtool(text: string): boolean {
    const { ok, text: said } = runTool('promtool', ['check', 'web-config', path]);
    if (ok || !/field client_allowed_sans not found/.test(said)) return ok;
    writeFileSync(path, text.replace(/^ +client_allowed_sans:.*\n(?: +- .*\n)*/m, ''));
    return runTool('promtool', ['check', 'web-config', path]).ok;
  }

  async function taken(text: string): Promise<{ ours: boolean; promtool: boolean }> {
    writeFileSync(path, text);
    const read = await readWebConfig(path);
    const promtool = takenByPromtool(text);
    try {
      loadWebConfig(read, Date.now());
      return { ours: true, promtool };
    } catch {
      return { ours: false, promtool };
    }
  }

  it.each<[string, string]>([
    ['nothing', ''],
    ['the documented example', documented()],
    ['TLS', TLS],
    ...['NoClientCert', 'RequestClientCert', 'RequireClientCert', 'RequireAnyClientCert'].map(
      (type): [string, string] => [type, `${TLS}  client_auth_type: ${type}\n`],
    ),
    ...['VerifyClientCertIfGiven', 'RequireAndVerifyClientCert'].map((type): [string, string] => [
      type,
      `${CLIENTS}  client_auth_type: ${type}\n  client_allowed_sans: [a.example, 10.0.0.1]\n`,
    ]),
    ['versions', `${TLS}  min_version: TLS12\n  max_version: TLS13\n`],
    [
      'ciphers',
      `${TLS}  cipher_suites: [TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]\n  prefer_server_cipher_suites: false\n`,
    ],
    ['curves', `${TLS}  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n`],
    ['HTTP/2', 'http_server_config:\n  http2: false\n'],
    ['a policy', header('Content-Security-Policy', "default-src 'self'")],
    ['frames', header('X-Frame-Options', 'sameorigin')],
    ['types', header('X-Content-Type-Options', 'nosniff')],
    ['scripts', header('X-XSS-Protection', '1; mode=block')],
    ['transport', header('Strict-Transport-Security', 'max-age=1')],
    ['a user', `basic_auth_users:\n  alice: ${hashSync('x', 4)}\n`],
    ['a user of htpasswd', `basic_auth_users:\n  alice: ${hashSync('x', 4).replace('$2b$', '$2y$')}\n`],
  ])('with %s is taken here, and by promtool', async (_, text) => {
    expect(await taken(text)).toEqual({ ours: true, promtool: true });
  });

  it.each<[string, string]>([
    ['an unknown key', 'tls_config: {}'],
    ['an unknown key in a section', `${TLS}  cert: b\n  certificate: c\n`],
    ['a certificate without a key', 'tls_server_config:\n  cert_file: tls.crt\n'],
    ['client authorities without a policy', CLIENTS],
    ['a policy that is none', `${TLS}  client_auth_type: Always\n`],
    ['a header that is none', header('Server', 'x')],
    ['frames by a word that is none', header('X-Frame-Options', 'maybe')],
    ['a password that is not hashed', 'basic_auth_users:\n  alice: secret\n'],
    ['a key of another certificate', TLS.replace('tls.key', 'ca.key')],
  ])('with %s is refused here, and by promtool', async (_, text) => {
    expect(await taken(text)).toEqual({ ours: false, promtool: false });
  });

  it('in the document is read as it is meant', () => {
    const config = parseWebConfig(documented(), dirname(path));
    expect(config.tls?.clientAllowedSans).toEqual(['prometheus.monitoring.svc']);
    expect([...config.users.keys()]).toEqual(['prometheus']);
  });
});
