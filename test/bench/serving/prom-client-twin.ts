// Renders with prom-client, in a process of its own: neither heap has to bear the other's garbage.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import { readSample, type SampleLine } from '../../support/exposition-line.js';
import { processorTime } from './processor-time.js';

/** What the process is asked for: to take over the series of an exposition, or to render them so many times. */
type Request = { readonly exposition: string } | { readonly scrapes: number; readonly gzip: boolean };

/** A process that renders the same series with prom-client. */
export class PromClientTwin implements AsyncDisposable {
  readonly #child: ChildProcess = fork(fileURLToPath(import.meta.url), ['twin']);

  /** Takes over all series of an exposition. @returns how many */
  take(exposition: string): Promise<number> {
    return this.#ask({ exposition });
  }

  /** Milliseconds of processor time of one scrape, the mean of several in a row. */
  scrape(scrapes: number, gzip: boolean): Promise<number> {
    return this.#ask({ scrapes, gzip });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask(request: Request): Promise<number> {
    return new Promise((resolve, reject) => {
      const died = (code: number | null) => reject(new Error(`the process of prom-client ended with ${code}`));
      this.#child.once('exit', died).once('message', (answer) => {
        this.#child.off('exit', died);
        resolve(answer as number);
      });
      this.#child.send(request);
    });
  }
}

/** A registry of prom-client with every series of an exposition, each sample name as a gauge. */
function registryOf(samples: readonly SampleLine[]): Registry {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const { name, labels, value } of samples) {
    const labelNames = Object.keys(labels);
    const gauge = gauges.get(name) ?? new Gauge({ name, help: 'Help.', labelNames, registers: [registry] });
    gauges.set(name, gauge);
    gauge.set(labels, value);
  }
  return registry;
}

const compressed = promisify(gzip) as (text: string, options: { level: number }) => Promise<Buffer>;

async function serve(): Promise<void> {
  let registry = new Registry();
  process.on('disconnect', () => process.exit());
  process.on('message', async (request: Request) => {
    if ('exposition' in request) {
      const lines = request.exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      registry = registryOf(lines.map(readSample));
      process.send?.(lines.length);
      return;
    }
    const scrape = async (): Promise<Buffer> => {
      const text = await registry.metrics();
      return request.gzip ? compressed(text, { level: 1 }) : Buffer.from(text);
    };
    process.send?.(await processorTime(request.scrapes, scrape));
  });
}

if (process.argv[2] === 'twin') await serve();
