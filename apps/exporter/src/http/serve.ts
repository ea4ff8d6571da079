import type { ExporterConfig } from '@app/config';
import { SelfMetrics } from '@app/metrics';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import type { EndpointGuard } from '../web/endpoint-server.js';
import { RefusalLog } from '../web/refusal-log.js';
import { summaryOf } from '../web/web-security.js';
import { listenFailure } from './listen-failure.js';
import { MetricsEndpoint } from './metrics-endpoint.js';
import { TelemetryServer } from './telemetry-server.js';

/** Opens the endpoints: exact paths, metrics under METRICS_PATH. The application was made with the guard's adapter. */
export async function serve(
  app: NestExpressApplication,
  http: ExporterConfig['http'],
  guard: EndpointGuard,
): Promise<string> {
  const { host, port, path, telemetryPort } = http;
  app.disable('x-powered-by');
  const endpoint = app.get(MetricsEndpoint);
  const express: Express = app.getHttpAdapter().getInstance();
  // The adapter has made the router already: Express' own settings of the same meaning come too late for it.
  Object.assign(express.router, { strict: true, caseSensitive: true });
  const shown = { state: true, process: telemetryPort === null };
  express.get(path, (request, response) => void endpoint.answer(request, response, shown));
  try {
    if (host === null) await app.listen(port);
    else await app.listen(port, host);
  } catch (error) {
    throw listenFailure(error, { setting: 'METRICS_PORT', port, host });
  }
  if (telemetryPort !== null) await app.get(TelemetryServer).listen(telemetryPort, { ...http, guard });
  watch(guard, app.get(SelfMetrics));
  const origin = await app.getUrl();
  return guard.security?.secure == null ? origin : origin.replace(/^http:/, 'https:');
}

/** Tells log and self-metrics what becomes of the web configuration, and who is refused. */
function watch({ gate, security }: EndpointGuard, metrics: SelfMetrics): void {
  const log = new Logger('web');
  const refusals = new RefusalLog((line) => log.warn(line));
  gate.tell((reason, request) => {
    metrics.requestRefused(reason);
    refusals.add(reason, request.socket.remoteAddress ?? 'unknown');
  });
  if (security === null) return;
  log.log(`the endpoints speak ${summaryOf(security.config)}`);
  security.watch({
    info: (message) => log.log(message),
    warn: (message) => log.warn(message),
    reloaded: (successful) => metrics.webConfigReloaded(successful),
  });
}
