import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../scripts/servers/free-port.mjs';
import { guard } from '../../../scripts/servers/guardian.mjs';
import { awaitUntil } from '../../support/await-until.js';
import { PATIENCE } from './patience.js';

/** One series as Prometheus answers it. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Of an instant query: Unix time in seconds, and the value as text. */
  readonly value?: readonly [number, string];
  /** Of a range: the same, oldest first. */
  readonly values?: readonly (readonly [number, string])[];
}

/** A Prometheus that scrapes one address every second. */
export interface Prometheus extends AsyncDisposable {
  /** The result of an instant query. @throws Error with what Prometheus says */
  query(text: string): Promise<readonly PrometheusSeries[]>;
}

/** Starts Debian's Prometheus on a directory of its own. @throws Error where it is not installed */
export async function startPrometheus(scraped: number): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'exporter-prometheus-'));
  const guardian = guard('KILL', directory);
  const config = join(directory, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: litellm, static_configs: [{ targets: ['127.0.0.1:${scraped}'] }] }]
`,
  );
  const port = await freePort();
  const argv = [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'data')}`];
  argv.push(`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn');
  const child: ChildProcess = spawn('prometheus', argv, { cwd: directory, stdio: 'ignore' });
  guardian.watch(child.pid);
  let ended = false;
  for (const event of ['error', 'exit']) {
    child.once(event, () => {
      ended = true;
    });
  }
  const origin = `http://127.0.0.1:${port}`;
  const ready = async () => ended || (await fetch(`${origin}/-/ready`)).ok;
  await awaitUntil(ready, { timeout: PATIENCE, interval: 100, what: 'readiness of Prometheus' });
  if (ended) throw new Error('Prometheus did not start: is the package prometheus installed?');
  return {
    query: async (text) => {
      const response = await fetch(`${origin}/api/v1/query?query=${encodeURIComponent(text)}`);
      const answer = (await response.json()) as {
        status: string;
        error?: string;
        data?: { result: PrometheusSeries[] };
      };
      if (answer.data === undefined) throw new Error(`Prometheus: ${answer.error ?? response.status}`);
      return answer.data.result;
    },
    [Symbol.asyncDispose]: () => guardian.dismiss(),
  };
}

/** True where the program is installed. */
export function hasPrometheus(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('prometheus', ['--version'], { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
