import { setTimeout as pause } from 'node:timers/promises';
import { MemoryStateStore } from '@app/store';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { FakePostgres, insert } from '../../../../test/support/fake-postgres.js';
import { givenExporter } from '../../../../test/support/given-exporter.js';
import { spend } from '../../../../test/support/given-pipeline.js';
import { StatusBoard } from '../report/status-board.js';
import { type StatusReport, statusPage, statusReport } from './status-page.js';

const REPORT: StatusReport = {
  version: '1.2.3',
  phase: 'streaming',
  phaseSeconds: 5,
  failure: null,
  waitsFor: null,
  seed: null,
  seedReason: null,
  store: 'memory',
  checkpoint: null,
  state: null,
  slotFigures: null,
};

describe('the status page', () => {
  it('escapes whatever it shows, in text and in attributes', () => {
    const failure = `<script>alert("x")</script> & 'quotes' of user "<b>"`;
    const page = statusPage({ ...REPORT, failure, checkpoint: { next: '0/1', slot: '<slot>', plugin: '"' } }, '/m"><x');
    expect(page).not.toMatch(/<script|<b>|<slot>|"><x/);
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quotes&#39;');
    expect(page).toContain('href="/m&quot;&gt;&lt;x"');
  });

  it('leaves out what is not known', () => {
    const page = statusPage(REPORT, '/metrics');
    expect(page).not.toMatch(/null|undefined|NaN/);
    expect(page).not.toContain('Last failure');
  });

  it('names what the start waits for, for how long, and what ends that, until it is over', () => {
    const board = new StatusBoard();
    const store = new MemoryStateStore();
    board.seeding('first');
    board.waitsFor({ what: 'the slot waits for open transactions to end: pid 7', remedy: 'end it' });
    const { since = Number.NaN } = board.status.waitsFor ?? {};
    board.waitsFor({ what: 'the slot waits for open transactions to end: pid 8', remedy: 'end that one' });
    const report = statusReport(board, store, { now: since + 61_000, outdated: null });
    expect(report).toMatchObject({
      phase: 'seeding',
      waitsFor: {
        what: 'the slot waits for open transactions to end: pid 8',
        remedy: 'end that one',
        seconds: 61,
      },
    });
    const page = statusPage(report, '/metrics');
    expect(page).toMatch(/Waits for 1 min 1 s<\/th><td>the slot waits .* pid 8\n {2}remedy: end that one</);
    board.waitsFor(null);
    expect(statusReport(board, store, { now: since, outdated: null }).waitsFor).toBeNull();
  });

  it('tells how far a seed is, and when it will be over', () => {
    const seed = { rows: 1_234_567, share: 0.4567, etaSeconds: 61.2 };
    const page = statusPage({ ...REPORT, phase: 'seeding', seed, seedReason: 'slot_lost' }, '/metrics');
    expect(page).toContain('45.7 %');
    expect(page).toContain('slot_lost');
    expect(page).toContain('1 min 2 s');
    expect(statusPage({ ...REPORT, seed: { rows: 1, share: 1, etaSeconds: 0 } }, '/metrics')).not.toContain('ends in');
  });
});

describe('the status of a running exporter', () => {
  const secrets = ['sk-secret-key', 'hashed-token', 'alias of a key', 'user@example.org', 'team-id-1', 'never shown'];

  it('holds no id of a key, user or team, and no secret', async () => {
    const server = new FakePostgres();
    server.commit([
      insert('key', { token: 'hashed-token', key_name: 'sk-secret-key', key_alias: 'alias of a key', spend: 0 }),
      insert('user', { user_id: 'user@example.org', spend: 0 }),
      insert('team', { team_id: 'team-id-1', team_alias: 'alias of a key', spend: 0 }),
      spend({ api_key: 'hashed-token', user: 'user@example.org', team_id: 'team-id-1' }),
    ]);
    await using exporter = await givenExporter(server);
    await awaitUntil(
      async () => ((await (await exporter.get('/status.json')).json()) as StatusReport).phase === 'streaming',
    );
    const page = await exporter.get('/');
    const json = await exporter.get('/status.json');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(json.headers.get('content-type')).toMatch(/^application\/json/);
    for (const { headers } of [page, json]) expect(headers.get('cache-control')).toBe('no-store');
    const html = await page.text();
    const report = (await json.json()) as StatusReport;
    for (const secret of secrets) {
      expect(html).not.toContain(secret);
      expect(JSON.stringify(report)).not.toContain(secret);
    }
    expect(report).toMatchObject({
      phase: 'streaming',
      failure: null,
      store: 'memory',
      seedReason: 'first',
      checkpoint: { next: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/), plugin: 'wal2json' },
      state: { keys: 1, teams: 1, users: 1 },
    });
  });

  it('says when nothing streams, since when and why, without the program\u2019s inside', async () => {
    const server = new FakePostgres();
    await using exporter = await givenExporter(server);
    const status = async () => (await (await exporter.get('/status.json')).json()) as StatusReport;
    await awaitUntil(async () => (await status()).phase === 'streaming');
    server.inRecovery = true;
    exporter.upstream.breakOff(new TypeError('something of the inside'));
    const waiting = await awaitUntil(async () => {
      const now = await status();
      return now.failure === 'the server is in recovery' ? now : null;
    });
    expect(waiting.phase).toBe('waiting');
    await pause(1_200);
    expect((await status()).phaseSeconds).toBeGreaterThanOrEqual(1);
    expect((await exporter.get('/readyz')).status).toBe(200);
    server.inRecovery = false;
    await awaitUntil(async () => (await status()).phase === 'streaming', { timeout: 15_000 });
    expect((await status()).failure).toBeNull();
  });
});
