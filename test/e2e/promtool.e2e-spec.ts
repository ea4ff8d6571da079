import { spawnSync } from 'node:child_process';
import { get, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { familyFaults, keptFamilies } from '../oracle/contract.js';
import { Scene } from '../oracle/scene.js';
import { awaitUntil } from '../support/await-until.js';
import { parseExposition } from '../support/exposition.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';

jest.setTimeout(60_000);

interface Answer {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe('a live answer', () => {
  let server: PostgresServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startPostgres({ flavor: 'debian-15', requires: { track_commit_timestamp: 'on' } });
    scene = await Scene.open({ server, simulator: { seed: 'promtool' } });
    await scene.rows(200);
    await scene.startFirst();
    await scene.rows(200);
    await scene.quiet();
  });

  afterAll(async () => {
    await scene?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  const ask = (headers: Record<string, string>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = get(`${scene.exporter.origin}/metrics`, { headers }, async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        resolve({ headers: response.headers, body: Buffer.concat(parts) });
      });
      request.on('error', reject);
    });

  /** The lines that tell of the state: those of the process differ between any two answers. */
  const stateLines = (text: string): string[] =>
    text.split('\n').filter((line) => /^(# (HELP|TYPE) )?litellm_(?!exporter_)/.test(line));
  const version = (text: string): string | undefined => /^litellm_exporter_state_version .*$/m.exec(text)?.[0];

  it('gives promtool nothing to say but about the kept names', async () => {
    const { body } = await ask({});
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
    if (checked.error !== undefined)
      throw new Error('promtool is not installed (Debian: prometheus)', { cause: checked.error });
    const said = `${checked.stdout}${checked.stderr}`.split('\n').filter((line) => line !== '');
    const about = said.map((line) => line.split(' ')[0] ?? '');
    expect(said.filter((_, index) => !keptFamilies.includes(about[index] ?? ''))).toEqual([]);
    expect(new Set(about)).toEqual(
      new Set([
        'litellm_requests_total',
        'litellm_errors_total',
        'litellm_cache_hits_total',
        'litellm_cache_misses_total',
        'litellm_member_count',
        'litellm_admin_count',
      ]),
    );
  });

  it('is the same as text 0.0.4 and as OpenMetrics', async () => {
    await awaitUntil(async () => {
      const accept = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
      const [plain, open] = [await ask({}), await ask({ accept })].map(({ body }) => body.toString('utf8'));
      if (plain === undefined || open === undefined || version(plain) !== version(open)) return false;
      expect(open.endsWith('\n# EOF\n')).toBe(true);
      const [first, second] = [parseExposition(plain), parseExposition(open, 'openmetrics')];
      expect(familyFaults(first.families)).toEqual([]);
      const business = ([key]: [string, number]) => !/^(litellm_exporter_|process_|nodejs_)/.test(key);
      // OpenMetrics writes bounds as floats, 1.0 for 1, as Prometheus reads both.
      const same = [...second.series].map(([key, value]): [string, number] => [
        key.replace(/(le="\d+)\.0"/, '$1"'),
        value,
      ]);
      expect(same.filter(business).sort()).toEqual([...first.series].filter(business).sort());
      return true;
    });
  });

  it('says of which type it is', async () => {
    expect((await ask({})).headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect((await ask({ accept: 'application/openmetrics-text;version=1.0.0' })).headers['content-type']).toMatch(
      /^application\/openmetrics-text; version=1\.0\.0/,
    );
  });

  it('is the same when it comes compressed', async () => {
    await awaitUntil(async () => {
      const [plain, zipped] = [await ask({}), await ask({ 'accept-encoding': 'gzip' })];
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(zipped.headers['content-encoding']).toBe('gzip');
      const [text, unzipped] = [plain.body.toString('utf8'), gunzipSync(zipped.body).toString('utf8')];
      if (version(text) !== version(unzipped)) return false;
      expect(stateLines(unzipped)).toEqual(stateLines(text));
      return true;
    });
  });
});
