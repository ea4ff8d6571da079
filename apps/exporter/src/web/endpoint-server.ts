import { constants } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { ExpressAdapter } from '@nestjs/platform-express';
import { RequestGate } from './request-gate.js';
import type { WebSecurity } from './web-security.js';

/** Limits on clients that send much, send slowly, or never come to an end; times in milliseconds. */
const LIMITS: ServerOptions & { readonly handshakeTimeout: number } = {
  /** Bytes of the request line and all headers: more is 431. */
  maxHeaderSize: 16 << 10,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** Longer than most scrape intervals, so that a scraper keeps its connection. */
  keepAliveTimeout: 75_000,
  /** How often the limits above are looked at. */
  connectionsCheckingInterval: 2_000,
  handshakeTimeout: 10_000,
};
/** A port is for a few scrapers and probes; a connection costs memory, and what is above this is dropped. */
const MOST_CONNECTIONS = 512;

/** What stands before the endpoints of this process. */
export interface EndpointGuard {
  readonly gate: RequestGate;
  /** Null: plain HTTP. */
  readonly security: WebSecurity | null;
}

/** The guard of a process with this web configuration; null for none. */
export function endpointGuard(security: WebSecurity | null): EndpointGuard {
  return { gate: new RequestGate(security), security };
}

/** A server of HTTP or HTTPS, by the web configuration, whose every request passes the gate. */
export function createEndpointServer({ gate, security }: EndpointGuard, listener: RequestListener): Server {
  const answer: RequestListener = (request, response) =>
    void gate.pass(request, response, () => listener(request, response));
  const server = security?.secure == null ? createServer(LIMITS, answer) : createSecured(security, answer);
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

function createSecured(security: WebSecurity, answer: RequestListener): Server {
  const { tls } = security.config;
  const asks = tls !== null && tls.clientAuthType !== 'NoClientCert';
  // A resumed session would bring a certificate along that is no longer trusted.
  const context = (secure: SecureContextOptions | null): SecureContextOptions => ({
    ...secure,
    ...(asks ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  });
  const options = { ...LIMITS, ...context(security.secure), requestCert: asks, rejectUnauthorized: false };
  const server = createTlsServer(options, answer);
  security.onChange((secure) => {
    server.setSecureContext(context(secure));
    // Whoever comes back on a new connection sees the new certificate.
    server.closeIdleConnections();
  });
  return server;
}

/** Ends a server now, with every connection, even one that has not finished its handshake. */
export function cutConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

/** Makes the framework use a server of ours. */
export class EndpointAdapter extends ExpressAdapter {
  readonly #guard: EndpointGuard;
  #cut: () => void = () => {};

  constructor(guard: EndpointGuard) {
    super();
    this.#guard = guard;
  }

  override initHttpServer(): void {
    const server = createEndpointServer(this.#guard, this.getInstance());
    this.#cut = cutConnections(server);
    this.setHttpServer(server);
  }

  /** Does not wait for clients that keep their connection. */
  override close(): Promise<void> | undefined {
    this.#guard.security?.close();
    this.#cut();
    return super.close() as Promise<void> | undefined;
  }
}
