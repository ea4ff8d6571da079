import type { Server } from 'node:http';
import type { ExporterConfig } from '@app/config';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import { listenFailure } from './listen-failure.js';
import { MetricsEndpoint } from './metrics-endpoint.js';
import { TelemetryServer } from './telemetry-server.js';

const REQUEST_TIMEOUT = 30_000;
const HEADERS_TIMEOUT = 10_000;
const KEEP_ALIVE = 75_000;

/** Opens the endpoints: exact paths, metrics under METRICS_PATH, limits on slow requests. */
export async function serve(app: NestExpressApplication, http: ExporterConfig['http']): Promise<string> {
  const { host, port, path, telemetryPort } = http;
  app.disable('x-powered-by');
  const endpoint = app.get(MetricsEndpoint);
  const express: Express = app.getHttpAdapter().getInstance();
  // The adapter has made the router already: Express' own settings of the same meaning come too late for it.
  Object.assign(express.router, { strict: true, caseSensitive: true });
  const shown = { state: true, process: telemetryPort === null };
  express.get(path, (request, response) => void endpoint.answer(request, response, shown));
  limit(app.getHttpServer());
  try {
    if (host === null) await app.listen(port);
    else await app.listen(port, host);
  } catch (error) {
    throw listenFailure(error, { setting: 'METRICS_PORT', port, host });
  }
  if (telemetryPort !== null) await app.get(TelemetryServer).listen(telemetryPort, http);
  return app.getUrl();
}

/** Limits on clients that are slow to ask. */
export function limit(server: Server): void {
  server.requestTimeout = REQUEST_TIMEOUT;
  server.headersTimeout = HEADERS_TIMEOUT;
  server.keepAliveTimeout = KEEP_ALIVE;
}
