import { StateStore } from '@app/aggregates';
import { formatLsn } from '@app/change';
import { CONFIG_INVALID_EXIT_CODE, ConfigInvalid, type ExporterConfig, loadConfig, RenewedConfig } from '@app/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { answerCommandLine } from './command-line.js';
import { ExporterModule } from './exporter.module.js';
import { metricsPlace } from './http/metrics-place.js';
import { serve } from './http/serve.js';
import { ExporterLogger, warnThroughLog } from './report/exporter-logger.js';
import { EndpointAdapter, endpointGuard } from './web/endpoint-server.js';
import { WebSecurity } from './web/web-security.js';

/** How long a stop may take before the process ends all the same, in milliseconds; Kubernetes gives 30 s. */
const STOP_LIMIT = 20_000;

function readConfig(): ExporterConfig {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(CONFIG_INVALID_EXIT_CODE);
  }
}

/** How far a process that has ended without a fault had come. */
function lastWords({ checkpoint }: StateStore): string {
  if (checkpoint === null) return 'stopped: there was no whole state yet';
  return `stopped: the state holds all that was committed before ${formatLsn(checkpoint.next)}`;
}

/** The first signal drains and ends with 0, a second one ends at once. */
function stopOnSignal(app: NestExpressApplication, log: ExporterLogger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.log(`${signal}: draining; a second signal ends at once`, 'main');
    setTimeout(() => {
      log.error(`the stop took longer than ${STOP_LIMIT / 1000} s`, undefined, 'main');
      process.exit(1);
    }, STOP_LIMIT).unref();
    app.close().then(
      () => {
        log.log(lastWords(app.get(StateStore)), 'main');
        process.exit(0);
      },
      (error: unknown) => {
        log.error(`the stop failed: ${String(error)}`, undefined, 'main');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/**
 * Runs the exporter by the environment and the command line of this process, until a signal ends it.
 *
 * @param prepare sees the wired application before anything of it runs
 */
export async function runExporter(prepare: (app: NestExpressApplication) => void = () => {}): Promise<void> {
  answerCommandLine(process.argv.slice(2));
  const config = readConfig();
  const log = new ExporterLogger(config.log);
  warnThroughLog(console, log);
  for (const warning of config.warnings) log.warn(warning, 'config');
  const renewed = new RenewedConfig(config, { env: process.env, warn: (message) => log.warn(message, 'config') });
  const { webConfigFile } = config.http;
  const guard = endpointGuard(webConfigFile === null ? null : await WebSecurity.load(webConfigFile));
  const app = await NestFactory.create<NestExpressApplication>(
    ExporterModule.forRoot(config, log, () => renewed.read()),
    new EndpointAdapter(guard),
    { logger: log, abortOnError: false, bodyParser: false },
  );
  prepare(app);
  stopOnSignal(app, log);
  await serve(app, config.http, guard);
  log.log(`metrics at ${metricsPlace(config.http, guard.security?.secure != null)}`, 'main');
}
