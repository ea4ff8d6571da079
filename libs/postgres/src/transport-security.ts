import type { ConnectionOptions } from 'node:tls';
import type { ServerOptions } from './options.js';

/** One way to try a connection: `false` is plain text. */
export type Transport = false | ConnectionOptions;

/**
 * The ways to try, in their order, as libpq does: `allow` is plain text first, `prefer` is TLS first, and a second one
 * is tried only where {@link isTransportRefusal} says so. A Unix socket is always plain text.
 *
 * One difference: without a root certificate `verify-ca` and `verify-full` trust what Node.js trusts, where libpq
 * looks into the home folder. As in libpq, `require` with a root certificate is `verify-ca`.
 */
export function transportsOf(options: ServerOptions): readonly Transport[] {
  if (options.sslMode === 'disable' || options.host.startsWith('/')) return [false];
  const secured = securedTransport(options);
  if (options.sslMode === 'allow') return [false, secured];
  if (options.sslMode === 'prefer') return [secured, false];
  return [secured];
}

/** True where the server turned down this transport rather than us, so that the other one is worth a try. */
export function isTransportRefusal(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  // pg gives this one no code.
  if (message === 'The server does not support SSL connections') return true;
  // 28000 is "no pg_hba.conf entry", which is decided per transport.
  return code === '28000' || isTlsCode(code);
}

function isTlsCode(code: unknown): boolean {
  return typeof code === 'string' && (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO');
}

function securedTransport(options: ServerOptions): ConnectionOptions {
  const verifies = options.sslMode === 'verify-ca' || options.sslMode === 'verify-full';
  const checksChain = verifies || (options.sslMode === 'require' && options.sslRootCert !== undefined);
  return {
    rejectUnauthorized: checksChain,
    ...(options.sslRootCert === undefined ? {} : { ca: options.sslRootCert }),
    ...(options.sslCert === undefined ? {} : { cert: options.sslCert }),
    ...(options.sslKey === undefined ? {} : { key: options.sslKey }),
    ...(options.sslMode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
