import { once } from 'node:events';
import type { Server } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createEndpointServer, cutConnections, type EndpointGuard } from '../web/endpoint-server.js';
import { listenFailure } from './listen-failure.js';
import { MetricsEndpoint } from './metrics-endpoint.js';

/** Where it listens. */
export interface TelemetryPlace {
  /** Null: all addresses. */
  readonly host: string | null;
  /** Path of the metrics, as on the main port. */
  readonly path: string;
  readonly guard: EndpointGuard;
}

/**
 * Serves the facts of this process alone, on a port of its own: with several replicas behind one address the main port
 * shows what is equal on all of them, and this one is scraped pod by pod.
 */
@Injectable()
export class TelemetryServer implements OnApplicationShutdown {
  readonly #endpoint: MetricsEndpoint;
  #server: Server | null = null;
  #cut: () => void = () => {};

  constructor(endpoint: MetricsEndpoint) {
    this.#endpoint = endpoint;
  }

  /** @throws ExporterFailure `setting-invalid` where the port can't be had. */
  async listen(port: number, { host, path, guard }: TelemetryPlace): Promise<void> {
    const server = createEndpointServer(guard, (request, response) => {
      const asked = request.url?.split('?', 1)[0];
      if (asked !== path) {
        response
          .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
          .end(`metrics of this process: ${path}\n`);
        return;
      }
      void this.#endpoint.answer(request, response, { state: false, process: true });
    });
    this.#cut = cutConnections(server);
    server.listen(port, host ?? undefined);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw listenFailure(error, { setting: 'TELEMETRY_PORT', port, host });
    }
    this.#server = server;
  }

  onApplicationShutdown(): void {
    this.#server?.close();
    this.#cut();
  }
}
