import type { ExporterConfig } from '@app/config';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import { MetricsEndpoint } from './metrics-endpoint.js';

const REQUEST_TIMEOUT = 30_000;
const HEADERS_TIMEOUT = 10_000;
const KEEP_ALIVE = 75_000;

/** Opens the endpoints: exact paths, metrics under METRICS_PATH, limits on slow requests. */
export async function serve(
  app: NestExpressApplication,
  { host, port, path }: ExporterConfig['http'],
): Promise<string> {
  app.set('strict routing', true);
  app.set('case sensitive routing', true);
  app.disable('x-powered-by');
  const endpoint = app.get(MetricsEndpoint);
  const express: Express = app.getHttpAdapter().getInstance();
  express.get(path, (request, response, next) => {
    endpoint.answer(request, response).catch(next);
  });
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_TIMEOUT;
  server.headersTimeout = HEADERS_TIMEOUT;
  server.keepAliveTimeout = KEEP_ALIVE;
  if (host === null) await app.listen(port);
  else await app.listen(port, host);
  return app.getUrl();
}
