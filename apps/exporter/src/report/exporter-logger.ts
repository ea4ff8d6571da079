import type { ExporterConfig } from '@app/config';
import { ConsoleLogger, type LogLevel as NestLogLevel } from '@nestjs/common';

const LEVELS: Readonly<Record<ExporterConfig['log']['level'], NestLogLevel[]>> = {
  debug: ['debug', 'log', 'warn', 'error', 'fatal'],
  info: ['log', 'warn', 'error', 'fatal'],
  warn: ['warn', 'error', 'fatal'],
  error: ['error', 'fatal'],
};

/** Where the framework tells how it wires itself: nothing an operator asks for. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** The process's log by LOG_LEVEL and LOG_FORMAT: lines for people, or one JSON object a line. */
export class ExporterLogger extends ConsoleLogger {
  constructor(log: ExporterConfig['log']) {
    super({ logLevels: LEVELS[log.level], json: log.format === 'json', colors: false, prefix: 'litellm-exporter' });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && WIRING.has(context)) this.debug(message, context);
    else super.log(message, ...rest);
  }

  protected override getTimestamp(): string {
    return new Date().toISOString();
  }
}
