import { format } from 'node:util';
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

  /** What the framework fails with it also throws: whoever catches that says it once, with what to do about it. */
  override error(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && WIRING.has(context)) this.debug(message, context);
    else super.error(message, ...rest);
  }

  /** The level as LOG_LEVEL calls it: the framework's `log` is `info`. */
  protected override getJsonLogObject(
    ...[message, options]: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const line = super.getJsonLogObject(message, options);
    return line.level === 'log' ? { ...line, level: 'info' as NestLogLevel } : line;
  }

  protected override getTimestamp(): string {
    return new Date().toISOString();
  }
}

/** What a library warns of on the console becomes a line of the log like any other; ioredis writes its own level before it. */
export function warnThroughLog(target: Pick<Console, 'warn'>, log: Pick<ExporterLogger, 'warn'>): void {
  target.warn = (...parts: unknown[]) => log.warn(format(...parts).replace(/^\[WARN\] /, ''), 'library');
}
