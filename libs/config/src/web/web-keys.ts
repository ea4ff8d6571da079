import { z } from 'zod';
import { CIPHER_SUITES, CURVES, TLS_VERSIONS } from './tls-names.js';
import { CLIENT_AUTH_TYPES } from './web-config.js';

/** One key of the web configuration: its form, and that form in words, as the end of "expected …". */
export interface WebKey<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  readonly accepted: string;
}

function key<Schema extends z.ZodType>(schema: Schema, accepted: string): WebKey<Schema> {
  return { schema, accepted };
}

function namesOf<const Table extends Readonly<Record<string, string>>>(table: Table) {
  const names = z.array(z.string().refine((name) => Object.hasOwn(table, name)));
  return key(
    names.transform((given) => given.map((name) => table[name] as string)),
    `a list of ${Object.keys(table).join(', ')}`,
  );
}

const PATH = key(z.string().min(1), 'the path of a PEM file, relative to this file');
const VERSION = key(
  z.enum(['TLS12', 'TLS13']).transform((name) => TLS_VERSIONS[name] as 'TLSv1.2' | 'TLSv1.3'),
  'TLS12 or TLS13',
);
const BOOLEAN = key(z.boolean(), 'true or false');
/** What may stand in a header's value without ending it. */
const HEADER_TEXT = key(z.string().regex(/^[\t\x20-\x7e]*$/), 'a text of one line in ASCII');

/** Keys of `tls_server_config`. */
export const TLS_KEYS = {
  cert_file: PATH,
  key_file: PATH,
  client_ca_file: PATH,
  client_auth_type: key(
    // The older name of the same, which Prometheus still takes.
    z.preprocess((name) => (name === 'RequireClientCert' ? 'RequireAnyClientCert' : name), z.enum(CLIENT_AUTH_TYPES)),
    `one of ${CLIENT_AUTH_TYPES.join(', ')}`,
  ),
  client_allowed_sans: key(z.array(z.string().min(1)), 'a list of DNS names, IP addresses, e-mail addresses or URIs'),
  min_version: VERSION,
  max_version: VERSION,
  cipher_suites: namesOf(CIPHER_SUITES),
  prefer_server_cipher_suites: BOOLEAN,
  curve_preferences: namesOf(CURVES),
} as const;

/** Keys of `http_server_config`. */
export const HTTP_KEYS = {
  // This endpoint speaks HTTP/1.1, as every client of HTTP/2 does too: the key allows, it does not demand.
  http2: BOOLEAN,
  headers: key(z.record(z.string(), z.unknown()), 'headers and their values'),
} as const;

/** Keys of `headers`: those that the exporter toolkit knows. */
export const HEADER_KEYS = {
  'Content-Security-Policy': HEADER_TEXT,
  'X-Frame-Options': key(z.enum(['deny', 'sameorigin']), 'deny or sameorigin'),
  'X-Content-Type-Options': key(z.literal('nosniff'), 'nosniff'),
  'X-XSS-Protection': HEADER_TEXT,
  'Strict-Transport-Security': HEADER_TEXT,
} as const;

/** The sections of the file. */
export const SECTIONS = ['tls_server_config', 'http_server_config', 'basic_auth_users'] as const;

/** Keys of the exporter toolkit that are refused, and what to do instead. */
export const NOT_TAKEN: Readonly<Record<string, string>> = {
  rate_limit: 'requests are not limited by number here; leave it out',
  'tls_server_config.cert': 'name a file with cert_file',
  'tls_server_config.key': 'name a file with key_file',
  'tls_server_config.client_ca': 'name a file with client_ca_file',
};

/**
 * A user's password: bcrypt (`$2a$`, `$2b$` and `$2y$` are the same today). A higher cost would take this process minutes
 * for one login.
 */
export const HASH = key(
  z.string().regex(/^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/),
  'a bcrypt hash like $2y$10$…, cost 4 to 16 (`htpasswd -nBC 10 "" | tr -d \':\\n\'` makes one)',
);
