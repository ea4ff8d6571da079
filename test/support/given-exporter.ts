import 'reflect-metadata';
import { StateStore } from '@app/aggregates';
import { loadConfig } from '@app/config';
import { Upstream } from '@app/litellm';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ExporterModule } from '../../apps/exporter/src/exporter.module.js';
import { serve } from '../../apps/exporter/src/http/serve.js';
import { ExporterLogger } from '../../apps/exporter/src/report/exporter-logger.js';
import { EndpointAdapter, endpointGuard } from '../../apps/exporter/src/web/endpoint-server.js';
import { WebSecurity } from '../../apps/exporter/src/web/web-security.js';
import type { FakePostgres } from './fake-postgres.js';
import { FakeUpstream, type FakeUpstreamOptions } from './fake-upstream.js';

/** The application as it is composed, with a fake in place of PostgreSQL. */
export interface GivenExporter extends AsyncDisposable {
  readonly app: NestExpressApplication;
  readonly origin: string;
  readonly upstream: FakeUpstream;
  readonly store: StateStore;
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** Starts the application on a free port; `env` is the whole environment but for the database's password. */
export async function givenExporter(
  server: FakePostgres,
  env: Readonly<Record<string, string>> = {},
  options: FakeUpstreamOptions = {},
): Promise<GivenExporter> {
  const config = loadConfig({ LITELLM_DB_PASSWORD: 'never shown', LOG_LEVEL: 'error', ...env });
  const log = new ExporterLogger(config.log);
  const upstream = new FakeUpstream(server, options);
  const module = await Test.createTestingModule({ imports: [ExporterModule.forRoot(config, log)] })
    .setLogger(log)
    .overrideProvider(Upstream)
    .useValue(upstream)
    .compile();
  const { webConfigFile } = config.http;
  const guard = endpointGuard(webConfigFile === null ? null : await WebSecurity.load(webConfigFile));
  const app = module.createNestApplication<NestExpressApplication>(new EndpointAdapter(guard), {
    logger: log,
    bodyParser: false,
  });
  const origin = await serve(app, { ...config.http, host: '127.0.0.1', port: 0 }, guard);
  return {
    app,
    origin,
    upstream,
    store: app.get(StateStore, { strict: false }),
    get: (path, init) => fetch(`${origin}${path}`, init),
    [Symbol.asyncDispose]: () => app.close(),
  };
}
