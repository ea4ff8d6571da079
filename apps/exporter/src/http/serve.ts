import { ExporterFailure } from '@app/change';
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
  try {
    if (host === null) await app.listen(port);
    else await app.listen(port, host);
  } catch (error) {
    throw listenFailure(error, port, host);
  }
  return app.getUrl();
}

function listenFailure(error: unknown, port: number, host: string | null): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const place = `port ${port}${host === null ? '' : ` of ${host}`}`;
  if (code === 'EADDRINUSE') {
    const message = `${place} is taken by another program (9090 is also the port of Prometheus)`;
    return new ExporterFailure({ kind: 'setting-invalid', message, remedy: 'set METRICS_PORT to a free port' });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    const message = `${place} can't be listened on (${code})`;
    const remedy = 'set METRICS_PORT to a port above 1023, and METRICS_HOST to an address of this machine';
    return new ExporterFailure({ kind: 'setting-invalid', message, remedy });
  }
  return error;
}
