import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { WebTls } from '@app/config';
import { PasswordCheck } from './password-check.js';
import { canonical, subjectAltNames } from './subject-alt-names.js';
import type { WebSecurity } from './web-security.js';

/** Why a request is not answered. */
export type RefusalReason = 'headers' | 'method' | 'body' | 'certificate' | 'credentials' | 'busy';

/** An answer in place of the one that was asked for. */
interface Refusal {
  readonly reason: RefusalReason;
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Hears of refused requests, for log and metrics. */
export type RefusalReport = (reason: RefusalReason, request: IncomingMessage) => void;

/** Node.js limits the bytes of headers (16 KiB, 431); this limits their number. */
const MOST_HEADERS = 100;
/** They say alive or not, ready or not, and are asked by those who have neither a password nor a certificate. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz']);

const UNAUTHORIZED: Refusal = {
  reason: 'credentials',
  status: 401,
  text: 'user and password are needed (basic authentication)',
  headers: { 'WWW-Authenticate': 'Basic realm="litellm-exporter", charset="UTF-8"' },
};
const BUSY: Refusal = {
  reason: 'busy',
  status: 429,
  text: 'too many passwords are being checked',
  headers: { 'Retry-After': '5' },
};

/** Stands before every endpoint of both ports: what may be asked, and who may ask. */
export class RequestGate {
  readonly #security: WebSecurity | null;
  readonly #passwords = new PasswordCheck();
  #report: RefusalReport = () => {};

  constructor(security: WebSecurity | null) {
    this.#security = security;
  }

  /** Says who is told of refused requests; nobody until then. */
  tell(report: RefusalReport): void {
    this.#report = report;
  }

  /** Lets a request through, or answers it. Never rejects. */
  async pass(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
    for (const [name, value] of Object.entries(this.#security?.config.headers ?? {})) response.setHeader(name, value);
    const refusal = refusalOfForm(request) ?? (await this.#refusalOfClient(request));
    if (refusal === null) next();
    else this.#refuse(refusal, request, response);
  }

  #refuse({ reason, status, text, headers }: Refusal, request: IncomingMessage, response: ServerResponse): void {
    this.#report(reason, request);
    // A connection whose request is not read to its end can't be used for another one.
    const close = reason === 'credentials' ? {} : { Connection: 'close' };
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers, ...close });
    response.end(request.method === 'HEAD' ? '' : `${text}\n`);
  }

  async #refusalOfClient(request: IncomingMessage): Promise<Refusal | null> {
    if (this.#security === null || PROBES.has(pathOf(request))) return null;
    const { tls, users } = this.#security.config;
    const certificate = tls === null ? null : refusalOfCertificate(tls, request.socket);
    if (certificate !== null) return { reason: 'certificate', status: 403, text: certificate };
    return users.size === 0 ? null : this.#refusalOfLogin(users, request.headers.authorization);
  }

  async #refusalOfLogin(users: ReadonlyMap<string, string>, header: string | undefined): Promise<Refusal | null> {
    const login = credentialsIn(header);
    if (login === null) return UNAUTHORIZED;
    const verdict = await this.#passwords.check(users, login.user, login.password);
    if (verdict === 'busy') return BUSY;
    return verdict === 'accepted' ? null : UNAUTHORIZED;
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

/** What is wrong with a request, whoever sends it; null for nothing. */
function refusalOfForm({ method, headers, rawHeaders }: IncomingMessage): Refusal | null {
  if (rawHeaders.length > 2 * MOST_HEADERS) {
    return { reason: 'headers', status: 431, text: `more than ${MOST_HEADERS} headers` };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { reason: 'method', status: 405, text: 'GET and HEAD are answered', headers: { Allow: 'GET, HEAD' } };
  }
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody ? { reason: 'body', status: 413, text: 'a request has no body here' } : null;
}

/** User and password of an Authorization header (RFC 7617); null where it has none. */
export function credentialsIn(header: string | undefined): { readonly user: string; readonly password: string } | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * What is wrong with a client's certificate; null for nothing. The handshake itself asks and does not judge, so that
 * probes, which have none, are answered. `authorized` alone is not enough: a resumed session without a certificate has it.
 */
function refusalOfCertificate(
  { clientAuthType, clientAllowedSans }: WebTls,
  socket: IncomingMessage['socket'],
): string | null {
  if (clientAuthType === 'NoClientCert' || !(socket instanceof TLSSocket)) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return clientAuthType.startsWith('Require') ? 'a client certificate is needed' : null;
  if (clientAuthType.includes('Verify') && !socket.authorized) return 'the client certificate is not trusted';
  if (clientAllowedSans.length === 0) return null;
  const names = subjectAltNames(certificate.subjectAltName);
  const allowed = clientAllowedSans.some((name) => names.includes(canonical(name)));
  return allowed ? null : 'the client certificate is of somebody else';
}
