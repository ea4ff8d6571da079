import { fileURLToPath } from 'node:url';
import { freePort } from '../../../scripts/servers/free-port.mjs';
import { awaitUntil } from '../../support/await-until.js';
import { type ExporterProcess, type ProcessEnd, startExporter } from '../../support/exporter-process.js';
import { httpGet } from '../../support/http-get.js';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.js';
import { type Failpoint, writeFailpoint } from '../failpoints/failpoint.js';
import { PATIENCE } from './patience.js';
import { figureOf } from './self-metrics.js';

const typescript = fileURLToPath(new URL('../../../scripts/setup/register-typescript.mjs', import.meta.url));
const faulty = fileURLToPath(new URL('../failpoints/exporter.ts', import.meta.url));

/** The links of one exporter: what lies between it and each of the servers. */
export interface Links {
  readonly postgres: TcpProxy;
  readonly redis: TcpProxy;
}

/** One exporter among others: its links and its port stay when its process is replaced. */
export class Replica implements AsyncDisposable {
  /** Lines of all its processes so far. */
  readonly past: string[] = [];
  #process: ExporterProcess | undefined;

  private constructor(
    readonly name: string,
    readonly port: number,
    readonly links: Links,
    private readonly environment: (links: Links) => Record<string, string>,
  ) {}

  static async make(
    name: string,
    servers: { readonly postgres: number; readonly redis: number },
    environment: (links: Links) => Record<string, string>,
  ): Promise<Replica> {
    const links = { postgres: await tcpProxy(servers.postgres), redis: await tcpProxy(servers.redis) };
    return new Replica(name, await freePort(), links, environment);
  }

  get running(): boolean {
    return this.#process?.isRunning() === true;
  }

  get process(): ExporterProcess {
    if (this.#process === undefined) throw new Error(`exporter ${this.name} was not started`);
    return this.#process;
  }

  /** Starts a process and waits for nothing. */
  async launch(failpoint?: Failpoint): Promise<ExporterProcess> {
    if (this.running) throw new Error(`exporter ${this.name} runs already`);
    if (this.#process !== undefined) this.past.push(...this.#process.logs);
    const env = { ...this.environment(this.links), METRICS_PORT: String(this.port) };
    const failing =
      failpoint === undefined
        ? { env }
        : { entry: faulty, nodeArgv: ['--import', typescript], env: { ...env, FAILPOINT: writeFailpoint(failpoint) } };
    this.#process = await startExporter(failing);
    return this.#process;
  }

  /** Starts a process and waits until it is ready. */
  async start(failpoint?: Failpoint): Promise<void> {
    await (await this.launch(failpoint)).awaitReady(PATIENCE);
  }

  /** kill -9. */
  async kill(): Promise<ProcessEnd> {
    return this.process.stop('SIGKILL');
  }

  /** SIGTERM; resolves with the milliseconds until it was gone. @throws Error where it did not end by itself, with 0. */
  async stop(): Promise<number> {
    const began = performance.now();
    const end = await this.process.stop('SIGTERM', 25_000);
    if (end.code !== 0) throw new Error(`exporter ${this.name} ended with ${end.signal ?? end.code} after SIGTERM`);
    return performance.now() - began;
  }

  /** GET /metrics as text. @throws Error where there is no answer within `patience` milliseconds */
  async text(patience = 3_000): Promise<string> {
    const { status, text } = await httpGet(`http://127.0.0.1:${this.port}/metrics`, patience);
    if (status !== 200) throw new Error(`exporter ${this.name}: ${status} ${text}`);
    return text;
  }

  /** True while it has an open stream. */
  async streams(): Promise<boolean> {
    if (!this.running) return false;
    const text = await this.text(1_000).catch(() => '');
    return figureOf(text, 'litellm_exporter_replication_connected') === 1;
  }

  /** Waits until it has an open stream. */
  async awaitStream(timeout = PATIENCE): Promise<void> {
    await awaitUntil(() => this.streams(), { timeout, interval: 20, what: `a stream of exporter ${this.name}` });
  }

  /** Waits for a line of the present process that is newer than `lines`. */
  async awaitLine(pattern: RegExp, { timeout = PATIENCE, after = 0 } = {}): Promise<string> {
    const what = `a line ${pattern} of exporter ${this.name}`;
    return awaitUntil(() => this.process.logs.slice(after).find((line) => pattern.test(line)), { timeout, what });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) await this.process.stop('SIGKILL');
    await Promise.all([this.links.postgres[Symbol.asyncDispose](), this.links.redis[Symbol.asyncDispose]()]);
  }
}
