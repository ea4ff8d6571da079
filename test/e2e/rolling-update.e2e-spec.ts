import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { type ExporterProcess, startExporter } from '../support/exporter-process.js';
import type { Exposition } from '../support/exposition.js';
import { givenServers } from '../support/given-servers.js';

jest.setTimeout(300_000);

const HOUR = 3_600_000;
const OLD = { METRICS_SPEND_WINDOW: '30d', METRICS_DURATION_BUCKETS: '1,10' };
const NEW = { METRICS_SPEND_WINDOW: '1h', METRICS_DURATION_BUCKETS: '1,5,20' };

const sum = (scrape: Exposition, name: string): number =>
  scrape.samples(name).reduce((total, { value }) => total + value, 0);
/** What the state that is served was made with. */
const madeWith = (scrape: Exposition): string => {
  const width = scrape.value('litellm_exporter_window_resolution_seconds', { window: 'spend' });
  const bounds = new Set(scrape.samples('litellm_request_duration_seconds_bucket').map(({ labels }) => labels.le));
  return `${width === 30 ? '1h' : width === 21_600 ? '30d' : width}: ${[...bounds].join()}`;
};
const OLD_STATE = '30d: 1,10,+Inf';
const NEW_STATE = '1h: 1,5,20,+Inf';
const settingsSeeds = (scrape: Exposition): number =>
  scrape.value('litellm_exporter_seeds_total', { reason: 'settings_changed' }) ?? 0;

/** Scrapes all processes in turn, as one address before them does, and notes whatever goes back (W7). */
class RoundRobin {
  readonly faults: string[] = [];
  answers = 0;
  #going = true;
  readonly #run: Promise<void>;

  constructor(readonly exporters: Map<string, ExporterProcess>) {
    this.#run = this.#watch();
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#run;
  }

  async #watch(): Promise<void> {
    let last = { version: 0, requests: 0 };
    while (this.#going) {
      for (const [name, exporter] of [...this.exporters]) {
        const scrape = await exporter.scrape().catch(() => null);
        const version = scrape?.value('litellm_exporter_state_version');
        if (scrape === null || version === undefined) continue;
        const now = { version, requests: sum(scrape, 'litellm_requests_processed_total') };
        const back = now.version < last.version || now.requests < last.requests;
        if (back) this.faults.push(`${name}: ${JSON.stringify(last)} came before ${JSON.stringify(now)}`);
        last = now;
        this.answers += 1;
      }
      await pause(50);
    }
  }
}

describe('replicas with different settings on one Redis', () => {
  const servers = givenServers();

  it('serve one state through a rolling update and back: seeded anew by newer processes alone, never going back', async () => {
    await using scene = await Scene.open({ server: servers.postgres, env: { REDIS_URL: servers.redis.url } });
    const running = new Map<string, ExporterProcess>();
    const start = async (name: string, settings: Record<string, string>): Promise<ExporterProcess> => {
      const exporter = await startExporter({ env: { ...scene.environment(), ...settings } });
      await exporter.awaitReady(60_000);
      running.set(name, exporter);
      return exporter;
    };
    let written = 0;
    const write = async (age = 0): Promise<void> => {
      const endTime = Date.now() - 500;
      const row = { startTime: endTime - age - 500, endTime, request_duration_ms: 500, spend: 1 };
      await scene.rows(20, { ...row, model: 'gpt-4o', status: 'success', cache_hit: 'False' });
      written += 20;
    };
    const shows = async (exporter: ExporterProcess, state: string): Promise<Exposition> => {
      const wanted = `${state}, ${written} rows`;
      let seen = '';
      const look = async (): Promise<Exposition | false> => {
        const scrape = await exporter.scrape();
        seen = `${madeWith(scrape)}, ${sum(scrape, 'litellm_requests_processed_total')} rows`;
        return seen === wanted && scrape;
      };
      return awaitUntil(look, { timeout: 60_000, interval: 100, what: wanted }).catch((error: unknown) => {
        throw new Error(`${wanted} was awaited, ${seen} is shown`, { cause: error });
      });
    };
    const watch = new RoundRobin(running);
    try {
      const first = await start('first', OLD);
      await write(2 * HOUR);
      await write();
      await shows(first, OLD_STATE);

      // The roll-out begins: a process with other settings is ready, and serves what there is.
      const older = await start('older', OLD);
      const newer = await start('newer', NEW);
      expect(sum(await shows(newer, OLD_STATE), 'litellm_total_spend')).toBe(40);
      await newer.awaitLog(/made under other settings .* served as it is/);

      // The old leader goes, and the new process is the one to follow it.
      older.signal('SIGSTOP');
      running.delete('older');
      running.delete('first');
      expect((await first.stop()).code).toBe(0);
      const afterwards = await shows(newer, NEW_STATE);
      expect([sum(afterwards, 'litellm_total_spend'), settingsSeeds(afterwards)]).toEqual([20, 1]);
      older.signal('SIGCONT');
      running.set('older', older);
      await shows(older, NEW_STATE);

      // A process that the roll-out has left behind follows the new one: it turns nothing back.
      running.delete('newer');
      await newer.stop('SIGKILL');
      await older.awaitLog(/made under other settings .* goes on under them/, 60_000);
      await write();
      expect(settingsSeeds(await shows(older, NEW_STATE))).toBe(1);

      // The way back: a process that began later, with the settings of before.
      const last = await start('last', OLD);
      expect(madeWith(await last.scrape())).toBe(NEW_STATE);
      running.delete('older');
      expect((await older.stop()).code).toBe(0);
      const back = await shows(last, OLD_STATE);
      expect([sum(back, 'litellm_total_spend'), settingsSeeds(back)]).toEqual([60, 2]);

      expect(watch.faults).toEqual([]);
      expect(watch.answers).toBeGreaterThan(50);
    } finally {
      await watch.stop();
      for (const exporter of running.values()) {
        exporter.signal('SIGCONT');
        await exporter.stop();
      }
    }
  });
});
