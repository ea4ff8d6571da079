import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { guard } from '../../scripts/servers/guardian.mjs';
import { awaitUntil } from './await-until.js';
import { type Exposition, type ExpositionFormat, parseExposition } from './exposition.js';
import { httpGet } from './http-get.js';

/** How a process ended: its code, or the signal that killed it. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A built application that runs as a child process; killed when this process ends, whatever ends it. */
export interface AppProcess {
  readonly pid: number;
  /** Lines of stdout and stderr as they came. */
  readonly logs: readonly string[];
  /** Settles when the process has ended and its output has been read. */
  readonly ended: Promise<ProcessEnd>;
  /** True until it has ended. */
  isRunning(): boolean;
  /** Sends the signal (SIGTERM without one) and waits for the end; SIGKILL after `patience` (10000) milliseconds. */
  stop(signal?: NodeJS.Signals, patience?: number): Promise<ProcessEnd>;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Waits for a line that matches; rejects after `timeout` (10000) milliseconds. */
  awaitLog(pattern: RegExp, timeout?: number): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A running exporter. */
export interface ExporterProcess extends AppProcess {
  readonly port: number;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  /** Waits for 200 on /readyz; rejects with the last log lines when the process ends before, or after `timeout` (30000) milliseconds. */
  awaitReady(timeout?: number): Promise<void>;
  /** GET /metrics, read strictly. */
  scrape(format?: ExpositionFormat): Promise<Exposition>;
}

/** What an application is started with. */
export interface AppOptions {
  readonly app: 'exporter' | 'simulator' | 'cli';
  readonly argv?: readonly string[];
  /** The whole environment, but for PATH, which is ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of node itself, like `--max-old-space-size=128`. */
  readonly nodeArgv?: readonly string[];
  /** Another program in place of the built one. */
  readonly entry?: string;
}

const accepts: Readonly<Record<ExpositionFormat, string>> = {
  '0.0.4': 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
};

/** Starts a built application. Throws when it has not been built. */
export function startApp(options: AppOptions): AppProcess {
  const built = new URL(`../../dist/apps/${options.app}/main.js`, import.meta.url);
  const entry = options.entry ?? fileURLToPath(built);
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run npm run build`);
  const argv = [...(options.nodeArgv ?? []), '--enable-source-maps', entry, ...(options.argv ?? [])];
  const guardian = guard('KILL');
  const child = spawn(process.execPath, argv, {
    env: { PATH: process.env.PATH ?? '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardian.watch(child.pid);
  // Once it is gone its number may be another process's.
  child.once('exit', () => {
    guardian.watch(undefined);
    void guardian.dismiss();
  });
  return new ChildApp(child);
}

/**
 * Starts the exporter on `METRICS_PORT` of `env`, or a free port, and resolves at once: see {@link ExporterProcess.awaitReady}. Nothing
 * of our own environment reaches it.
 */
export async function startExporter(options: Omit<AppOptions, 'app'>): Promise<ExporterProcess> {
  const port = Number(options.env?.METRICS_PORT ?? (await freePort()));
  const env = { METRICS_HOST: '127.0.0.1', ...options.env, METRICS_PORT: String(port) };
  const app = startApp({ ...options, app: 'exporter', env });
  const origin = `http://127.0.0.1:${port}`;
  return Object.assign(app, {
    port,
    origin,
    awaitReady: async (timeout = 30_000) => {
      const ready = async () => !app.isRunning() || (await httpGet(`${origin}/readyz`, 5_000)).status === 200;
      const what = 'readiness of the exporter';
      await awaitUntil(ready, { timeout, interval: 50, what }).catch((error: unknown) => fail(app, error));
      if (!app.isRunning()) fail(app, await app.ended);
    },
    scrape: async (format: ExpositionFormat = '0.0.4') => {
      const { status, text } = await httpGet(`${origin}/metrics`, 60_000, { accept: accepts[format] });
      if (status !== 200) throw new Error(`GET /metrics: ${status} ${text}`);
      return parseExposition(text, format);
    },
  });
}

function fail(app: AppProcess, cause: unknown): never {
  const state = app.isRunning() ? 'is running' : 'has ended';
  throw new Error(`the exporter ${state} and is not ready; its last lines:\n${app.logs.slice(-30).join('\n')}`, {
    cause,
  });
}

class ChildApp implements AppProcess {
  readonly pid: number;
  readonly logs: string[] = [];
  readonly ended: Promise<ProcessEnd>;
  private end: ProcessEnd | undefined;

  constructor(private readonly child: ChildProcess) {
    this.pid = child.pid ?? 0;
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      createInterface({ input: stream }).on('line', (line) => this.logs.push(line));
    }
    child.once('exit', (code, signal) => {
      this.end = { code, signal };
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.ended.catch(() => {});
  }

  isRunning(): boolean {
    return this.end === undefined;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM', patience = 10_000): Promise<ProcessEnd> {
    this.child.kill(signal);
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), patience);
    try {
      return await this.ended;
    } finally {
      clearTimeout(impatience);
    }
  }

  async awaitLog(pattern: RegExp, timeout = 10_000): Promise<string> {
    const what = `a log line ${pattern}`;
    return awaitUntil(() => this.logs.find((line) => pattern.test(line)), { timeout, what });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGTERM');
  }
}
