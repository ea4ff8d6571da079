import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ExporterLogger, warnThroughLog } from './exporter-logger.js';

/** The lines that `write` leads to. */
function linesOf(write: () => void): string[] {
  const lines: string[] = [];
  const take = (text: unknown): boolean => lines.push(String(text)) > 0;
  jest.spyOn(process.stdout, 'write').mockImplementation(take);
  jest.spyOn(process.stderr, 'write').mockImplementation(take);
  write();
  jest.restoreAllMocks();
  return lines;
}

describe('ExporterLogger', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('calls levels in JSON what LOG_LEVEL calls them', () => {
    const log = new ExporterLogger({ level: 'debug', format: 'json' });
    const lines = linesOf(() => {
      log.debug('a', 'main');
      log.log('b', 'main');
      log.warn('c', 'main');
      log.error('d', undefined, 'main');
    });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'debug', message: 'a', context: 'main' },
      { level: 'info', message: 'b' },
      { level: 'warn', message: 'c' },
      { level: 'error', message: 'd' },
    ]);
  });

  it('leaves what the framework throws as well to whoever catches it', () => {
    const write = (log: ExporterLogger) => () => {
      log.error('Error: listen EADDRINUSE', undefined, 'NestApplication');
      log.error('a failure of ours', undefined, 'pipeline');
    };
    const lines = linesOf(write(new ExporterLogger({ level: 'info', format: 'json' })));
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['a failure of ours']);
    expect(linesOf(write(new ExporterLogger({ level: 'debug', format: 'json' })))).toHaveLength(2);
  });

  it('gives the format of the log to what a library warns of on the console', () => {
    const target: Pick<Console, 'warn'> = { warn: () => {} };
    warnThroughLog(target, new ExporterLogger({ level: 'info', format: 'json' }));
    const lines = linesOf(() => target.warn('[WARN] no password is %s', 'required'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', message: 'no password is required', context: 'library' },
    ]);
  });
});
