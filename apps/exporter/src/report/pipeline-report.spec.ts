import 'reflect-metadata';
import { SelfMetrics } from '@app/metrics';
import { describe, expect, it } from '@jest/globals';
import type { ExporterLogger } from './exporter-logger.js';
import { PipelineReport } from './pipeline-report.js';
import { StatusBoard } from './status-board.js';

function given() {
  const lines: string[] = [];
  const say = (level: string) => (message: unknown) => void lines.push(`${level}: ${String(message)}`);
  const log = { log: say('info'), warn: say('warn'), error: say('error') } as unknown as ExporterLogger;
  const board = new StatusBoard();
  const metrics = new SelfMetrics({ version: '1', revision: '' }, false);
  const value = async (name: string): Promise<number | undefined> =>
    (await metrics.read()).find((metric) => metric.name === `litellm_exporter_${name}`)?.samples[0]?.value;
  return { lines, board, value, report: new PipelineReport(log, metrics, board) };
}

describe('the report of the pipeline', () => {
  it('follows a seed, a stream and its end on the board', async () => {
    const { board, report, value } = given();
    expect(board.status.phase).toBe('connecting');
    report.seedStarted('first');
    expect(board.status).toMatchObject({ phase: 'seeding', seedReason: 'first', seed: null });
    expect(await value('ready')).toBe(0);
    report.seedProgress({ rows: 10, share: 0.5, etaSeconds: 3 });
    expect(await value('seed_progress_ratio')).toBe(0.5);
    report.seedFinished(20, 1);
    report.connected(true);
    expect(board.status.phase).toBe('streaming');
    expect(await value('ready')).toBe(1);
    report.connected(false);
    expect(board.status.phase).toBe('waiting');
    expect(await value('replication_connected')).toBe(0);
  });

  it('a failure is on the board until the next stream, without its stack, which is in the log', () => {
    const { board, report, lines } = given();
    const failure = new TypeError('broken');
    report.error(failure.stack ?? '');
    expect(board.status).toMatchObject({ phase: 'waiting', failure: 'TypeError: broken' });
    expect(lines[0]).toMatch(/pipeline-report\.spec/);
    report.seedStarted('first');
    expect(board.status.failure).toBe('TypeError: broken');
    report.connected(true);
    expect(board.status.failure).toBeNull();
  });

  it('says the same failure whole once, then by its first line, and whole again after something went well', () => {
    const { report, lines, board } = given();
    const failure = 'there is no database "a"\n  remedy: name it';
    for (const message of [failure, failure, 'another', failure]) report.error(message);
    report.connected(true);
    report.error(failure);
    expect(lines.filter((line) => line.startsWith('error: '))).toEqual([
      `error: ${failure}`,
      'error: still: there is no database "a"',
      'error: another',
      `error: ${failure}`,
      `error: ${failure}`,
    ]);
    expect(board.status.failure).toBe(failure);
  });

  it('a failure is over where another process is followed: that is what a healthy replica does', () => {
    const { board, report } = given();
    report.error('the database system is starting up');
    report.following();
    expect(board.status).toMatchObject({ phase: 'following', failure: null });
    const { since } = board.status;
    report.following();
    expect(board.status.since).toBe(since);
  });

  it('a remedy stays with its failure', () => {
    const { board, report } = given();
    report.error(
      'wal_level is replica\n  remedy: ALTER SYSTEM SET wal_level = logical\n  see:    POSTGRES_SETUP.md#wal_level',
    );
    expect(board.status.failure).toMatch(/remedy: ALTER SYSTEM[\s\S]*#wal_level/);
  });

  it('the phase counts from when it began, however often it is told again; stopping is the last', async () => {
    const { board, report } = given();
    report.error('one');
    const { since } = board.status;
    await new Promise((resolve) => setTimeout(resolve, 5));
    report.error('two');
    expect(board.status).toMatchObject({ since, failure: 'two' });
    board.enter('stopping');
    report.connected(false);
    report.error('three');
    expect(board.status.phase).toBe('stopping');
  });

  it('says progress every five seconds, not with every slice', () => {
    const { report, lines } = given();
    for (let slice = 1; slice <= 100; slice++)
      report.seedProgress({ rows: slice, share: slice / 100, etaSeconds: null });
    expect(lines).toEqual(['info: seeding: 1 rows, 1.0 %']);
  });

  it('says how long a seed will still take as soon as that is known', () => {
    const { report, lines } = given();
    report.seedProgress({ rows: 1, share: 0.25, etaSeconds: 29.2 });
    expect(lines).toEqual(['info: seeding: 1 rows, 25.0 %, about 30 s left']);
  });
});
