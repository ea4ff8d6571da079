import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseWebConfig } from './parse-web-config.js';
import { type WebConfig, WebConfigInvalid } from './web-config.js';

const HASH = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';

function problemsOf(text: string): readonly string[] {
  try {
    parseWebConfig(text, '/etc/web');
  } catch (error) {
    if (error instanceof WebConfigInvalid) return error.problems;
    throw error;
  }
  return [];
}

const tls = (...lines: string[]): string =>
  ['tls_server_config:', '  cert_file: a.pem', '  key_file: a.key', ...lines.map((line) => `  ${line}`)].join('\n');

describe('a web configuration', () => {
  it.each(['', '# nothing\n', 'basic_auth_users:\n', 'tls_server_config: {}\n'])(
    'that says nothing is plain HTTP: %j',
    (text) => {
      const nothing: WebConfig = { tls: null, headers: {}, users: new Map() };
      expect(parseWebConfig(text, '/etc/web')).toEqual(nothing);
    },
  );

  it('has paths relative to its own directory', () => {
    const { tls: read } = parseWebConfig(
      tls('client_ca_file: /ca.pem', 'client_auth_type: RequireAndVerifyClientCert'),
      '/etc/web',
    );
    expect(read).toMatchObject({ certFile: '/etc/web/a.pem', keyFile: '/etc/web/a.key', clientCaFile: '/ca.pem' });
  });

  it('has the defaults of the exporter toolkit', () => {
    expect(parseWebConfig(tls(), '/').tls).toMatchObject({
      clientAuthType: 'NoClientCert',
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      preferServerCiphers: true,
      ciphers: null,
      curves: null,
    });
  });

  it('has names of Go for ciphers and curves, which become those of OpenSSL', () => {
    const text = tls(
      'cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]',
      'curve_preferences: [X25519, CurveP256]',
    );
    expect(parseWebConfig(text, '/').tls).toMatchObject({
      ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
      curves: 'X25519:P-256',
    });
  });

  it('has users and headers', () => {
    const text = `basic_auth_users:\n  alice: ${HASH}\nhttp_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n`;
    const config = parseWebConfig(text, '/');
    expect([...config.users]).toEqual([['alice', HASH]]);
    expect(config.headers).toEqual({ 'X-Frame-Options': 'deny' });
  });
});

describe('a wrong web configuration names the key and the accepted form', () => {
  it.each([
    [
      'tls_server_conf: {}',
      /^tls_server_conf is not a key: expected one of tls_server_config, http_server_config, basic/,
    ],
    [tls('cert_fil: b'), /^tls_server_config\.cert_fil is not a key: expected one of cert_file, key_file/],
    ['tls_server_config: { cert_file: a }', /^tls_server_config: expected both cert_file and key_file/],
    ['tls_server_config: { min_version: TLS13 }', /expected both cert_file and key_file/],
    [tls('client_auth_type: Always'), /client_auth_type: expected one of NoClientCert, /],
    [tls('client_auth_type: RequireAndVerifyClientCert'), /needs client_ca_file/],
    [tls('client_ca_file: ca.pem'), /need client_auth_type/],
    [tls('client_allowed_sans: [a]'), /need client_auth_type/],
    [tls('min_version: TLS11'), /min_version: expected TLS12 or TLS13/],
    [tls('min_version: TLS13', 'max_version: TLS12'), /min_version is above max_version/],
    [tls('cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]'), /cipher_suites: expected a list of TLS_ECDHE_/],
    [tls('cert: inline'), /tls_server_config\.cert is not supported: name a file with cert_file/],
    ['rate_limit: { interval: 1s }', /^rate_limit is not supported/],
    [
      'http_server_config: { headers: { X-Powered-By: us } }',
      /X-Powered-By is not a key: expected one of Content-Security-Policy/,
    ],
    ['http_server_config: { headers: { X-Frame-Options: maybe } }', /X-Frame-Options: expected deny or sameorigin/],
    [
      'http_server_config: { headers: { X-XSS-Protection: "a\\r\\nb: c" } }',
      /X-XSS-Protection: expected a text of one line/,
    ],
    ['http_server_config: { http2: 1 }', /http2: expected true or false/],
    [
      'basic_auth_users: { alice: secret }',
      /^basic_auth_users\.alice: expected a bcrypt hash like \$2y\$10\$…, cost 4 to 16/,
    ],
    [
      `basic_auth_users: { alice: ${HASH.replace('$10$', '$31$')} }`,
      /^basic_auth_users\.alice: expected a bcrypt hash/,
    ],
    [`basic_auth_users: { "a:b": ${HASH} }`, /expected the name of a user, without a colon/],
    ['basic_auth_users: [alice]', /^basic_auth_users: expected keys and values/],
    ['just a text', /^the file: expected keys and values/],
    ['a: 1\na: 2', /^line 2, column 1: this is not YAML \(DUPLICATE_KEY\)/],
    ['tls_server_config: [', /^line 1, column \d+: this is not YAML/],
    ['basic_auth_users: *nowhere', /this is not YAML|an alias/],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
  });

  it('says everything at once', () => {
    expect(problemsOf('a: 1\nb: 2\nbasic_auth_users: { c: d }')).toHaveLength(3);
  });

  it('repeats no value, wherever a secret has strayed', () => {
    const MARK = 'zqXj';
    const secret = fc
      .constantFrom('', ' ', ': ', '"', '[', '\n', '*', '&a ', '$2y$10$')
      .map((odd) => `${MARK}${odd}${MARK}`);
    const place = fc.constantFrom(
      (text: string) => `basic_auth_users:\n  alice: ${text}\n`,
      (text: string) => `tls_server_config:\n  cert_file: a\n  key_file: b\n  key: ${text}\n`,
      (text: string) => `tls_server_config:\n  min_version: ${text}\n`,
      (text: string) => `basic_auth_users: ${text}\n`,
      (text: string) => `- ${text}\n`,
    );
    fc.assert(
      fc.property(place, secret, (write, text) => {
        for (const problem of problemsOf(write(text))) {
          // A line break makes keys out of a secret's rest, and a key has to be named.
          expect(problem.replace(/^\S*zqXj is not a key/, '').replace(/\.zqXj\b/, '')).not.toContain(MARK);
        }
      }),
      { numRuns: 300 },
    );
  });
});
