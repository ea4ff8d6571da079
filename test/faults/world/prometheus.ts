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

/** A Prometheus that scrapes every second. */
export interface Prometheus extends AsyncDisposable {
  /** The result of an instant query. @throws Error with what Prometheus says, a warning too */
  query(text: string): Promise<readonly PrometheusSeries[]>;
  /** The alerts of the rule files by name, each with its state (inactive, pending, firing) and the error of its last evaluation. */
  alerts(): Promise<ReadonlyMap<string, { readonly state: string; readonly lastError?: string }>>;
}

/** Ports of this machine that are scraped under the name of one job. */
export interface ScrapeJob {
  readonly job: string;
  readonly ports: readonly number[];
}

/**
 * Starts Debian's Prometheus on a directory of its own, with these jobs (one port is the job `litellm`) and files of rules. @throws Error
 * where it is not installed
 */
export async function startPrometheus(
  scraped: number | readonly ScrapeJob[],
  ruleFiles: readonly string[] = [],
): Promise<Prometheus> {
  const jobs = typeof scraped === 'number' ? [{ job: 'litellm', ports: [scraped] }] : scraped;
  const directory = mkdtempSync(join(tmpdir(), 'exporter-prometheus-'));
  const guardian = guard('KILL', directory);
  const config = join(directory, 'prometheus.yml');
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: jobs.map(({ job, ports }) => ({
      job_name: job,
      static_configs: [{ targets: ports.map((target) => `127.0.0.1:${target}`) }],
    })),
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration));
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
        warnings?: readonly string[];
        data?: { result: PrometheusSeries[] };
      };
      const complaint = answer.error ?? answer.warnings?.join(', ');
      if (answer.data === undefined || complaint !== undefined) throw new Error(`Prometheus: ${complaint}: ${text}`);
      return answer.data.result;
    },
    alerts: async () => {
      const response = await fetch(`${origin}/api/v1/rules?type=alert`);
      const { data } = (await response.json()) as {
        data: { groups: { rules: { name: string; state: string; lastError?: string }[] }[] };
      };
      return new Map(data.groups.flatMap(({ rules }) => rules.map((rule) => [rule.name, rule])));
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
