import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ExporterFailure } from '@app/change';
import { parseWebConfig, type WebConfig, WebConfigInvalid, type WebTls } from '@app/config';

/** A web configuration with the files it names, all checked. */
export interface LoadedWebConfig {
  readonly config: WebConfig;
  /** Null: plain HTTP. */
  readonly secure: SecureContextOptions | null;
  /** What of the certificate deserves a warning. */
  readonly warnings: readonly string[];
}

/** The texts that a web configuration is made of: equal texts make equal configurations. */
export interface WebConfigTexts {
  readonly path: string;
  readonly text: string;
  /** By path; an Error for what can't be read. */
  readonly files: ReadonlyMap<string, string | Error>;
}

/** Reads the file and those it names. Never rejects: what can't be read is for {@link loadWebConfig} to tell. */
export async function readWebConfig(path: string): Promise<WebConfigTexts> {
  const text = await textOf(path);
  const files = new Map<string, string | Error>([[path, text]]);
  if (typeof text === 'string') {
    for (const file of filesNamedIn(text, path)) files.set(file, await textOf(file));
  }
  return { path, text: typeof text === 'string' ? text : '', files };
}

/** True where nothing has changed between two readings. */
export function sameTexts(one: WebConfigTexts, other: WebConfigTexts): boolean {
  const same = ([path, text]: [string, string | Error]): boolean => String(one.files.get(path)) === String(text);
  return one.files.size === other.files.size && [...other.files].every(same);
}

/**
 * Checks what was read.
 *
 * @throws ExporterFailure `setting-invalid` that names keys and files, and repeats nothing of what they hold.
 */
export function loadWebConfig({ path, text, files }: WebConfigTexts, now: number): LoadedWebConfig {
  try {
    contentOf(files, path, 'the file');
    const config = parseWebConfig(text, dirname(path));
    if (config.tls === null) return { config, secure: null, warnings: [] };
    const secure = secureOptions(config.tls, files);
    return { config, secure, warnings: certificateWarnings(secure.cert, config.tls.certFile, now) };
  } catch (error) {
    if (!(error instanceof WebConfigInvalid)) throw error;
    throw new ExporterFailure({
      kind: 'setting-invalid',
      message: `WEB_CONFIG_FILE ${path} can't be used:\n${error.problems.map((problem) => `  ${problem}`).join('\n')}`,
      remedy: 'correct it (`promtool check web-config` checks the same format); docs/DEPLOYMENT.md has the keys',
    });
  }
}

async function textOf(path: string): Promise<string | Error> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return error as Error;
  }
}

function filesNamedIn(text: string, path: string): string[] {
  try {
    const { tls } = parseWebConfig(text, dirname(path));
    return tls === null ? [] : [tls.certFile, tls.keyFile, tls.clientCaFile].filter((file) => file !== null);
  } catch {
    return [];
  }
}

function contentOf(files: WebConfigTexts['files'], path: string, what: string): string {
  const text = files.get(path);
  if (typeof text === 'string') return text;
  const reason = (text as NodeJS.ErrnoException | undefined)?.code ?? 'unknown reason';
  throw new WebConfigInvalid([`${what} ${path} can't be read (${reason})`]);
}

function pemOf(files: WebConfigTexts['files'], path: string, key: string): string {
  const text = contentOf(files, path, `tls_server_config.${key}:`);
  if (text.includes('-----BEGIN ')) return text;
  throw new WebConfigInvalid([`tls_server_config.${key}: ${path} is not a PEM file`]);
}

function secureOptions(tls: WebTls, files: WebConfigTexts['files']): SecureContextOptions & { cert: string } {
  const options = {
    cert: pemOf(files, tls.certFile, 'cert_file'),
    key: pemOf(files, tls.keyFile, 'key_file'),
    ...(tls.clientCaFile === null ? {} : { ca: pemOf(files, tls.clientCaFile, 'client_ca_file') }),
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    honorCipherOrder: tls.preferServerCiphers,
    ...(tls.ciphers === null ? {} : { ciphers: `${tls.ciphers}:TLS_AES_128_GCM_SHA256:${TLS13_REST}` }),
    ...(tls.curves === null ? {} : { ecdhCurve: tls.curves }),
  };
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    throw new WebConfigInvalid([`tls_server_config: ${reasonOf(error)} (${tls.certFile}, ${tls.keyFile})`]);
  }
}

/** The suites of TLS 1.3 are not for cipher_suites to choose. */
const TLS13_REST = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** In words of ours: OpenSSL's own may hold a part of what it could not read. */
function reasonOf(error: unknown): string {
  const { code = '' } = error as { code?: string };
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'the key is not that of the certificate';
  if (/PASSWORD|PASSPHRASE|INTERRUPTED_OR_CANCELLED/.test(code)) return 'the key must not be encrypted';
  return `certificate, key or client authorities can't be used (${code || 'unknown reason'})`;
}

const DAY = 86_400_000;

function certificateWarnings(pem: string, file: string, now: number): string[] {
  const { validTo, validFrom } = new X509Certificate(pem);
  const ends = Date.parse(validTo);
  if (ends <= now) return [`the certificate ${file} has expired (${validTo}): clients that check it stay away`];
  if (Date.parse(validFrom) > now) return [`the certificate ${file} is not valid before ${validFrom}`];
  return ends - now < 7 * DAY ? [`the certificate ${file} expires on ${validTo}`] : [];
}
