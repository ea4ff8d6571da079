import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { parseExposition } from '../../../../test/support/exposition.js';
import { FakePostgres, insert } from '../../../../test/support/fake-postgres.js';
import { type GivenExporter, givenExporter } from '../../../../test/support/given-exporter.js';
import { spend } from '../../../../test/support/given-pipeline.js';
import { answerTimeout } from './metrics-endpoint.js';

const server = new FakePostgres();
let exporter: GivenExporter;

/** Sends a request as it is written, and gives back what comes until the server hangs up. */
function raw(origin: string, request: string): Promise<Buffer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}

beforeAll(async () => {
  server.commit([
    insert('team', { team_id: 't1', team_alias: 'one', spend: 0 }),
    spend({ team_id: 't1', spend: 2.5, model: 'gpt-5' }),
  ]);
  exporter = await givenExporter(server);
  await awaitUntil(async () => (await exporter.get('/readyz')).ok, { interval: 5, what: 'readiness' });
});

afterAll(async () => {
  await exporter[Symbol.asyncDispose]();
});

describe('the endpoints', () => {
  it.each(['/metrics', '/livez', '/readyz', '/healthz', '/', '/status.json'])('answers %s', async (path) => {
    const response = await exporter.get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it.each([
    '/metrics/',
    '/METRICS',
    '/Metrics',
    '/metricsx',
    '/metrics/x',
    '//metrics',
    '/livez/',
    '/LIVEZ',
    '/readyz/',
    '/status',
    '/status.json/',
    '/index.html',
    '/favicon.ico',
    '/metrics%2f',
    '/.env',
  ])('knows nothing of %s', async (path) => {
    const response = await exporter.get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toMatch(/\bat .*\.(js|ts)/);
  });

  it.each(['POST', 'PUT', 'DELETE'])('does nothing on %s', async (method) => {
    for (const path of ['/metrics', '/', '/readyz', '/nothing']) {
      const response = await exporter.get(path, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('answers HEAD without a body', async () => {
    const response = await exporter.get('/metrics', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('shows the state and this process in one valid answer', async () => {
    const text = await (await exporter.get('/metrics?any=thing')).text();
    const exposition = parseExposition(text, '0.0.4');
    expect(text).toContain('litellm_team_spend{team_id="t1",team_alias="one",model="gpt-5"} 2.5\n');
    expect(text).toMatch(/^litellm_exporter_ready 1$/m);
    expect(text).toMatch(/^litellm_exporter_build_info\{/m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).not.toContain('never shown');
    expect(exposition).toBeDefined();
  });

  it('speaks OpenMetrics where it is asked to, and says so', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
    const response = await exporter.get('/metrics', { headers: { accept } });
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; ?version=1\.0\.0/);
    const text = await response.text();
    expect(text.endsWith('# EOF\n')).toBe(true);
    parseExposition(text, 'openmetrics');
    const plain = await exporter.get('/metrics');
    expect(plain.headers.get('content-type')).toMatch(/^text\/plain; ?version=0\.0\.4/);
    expect(await plain.text()).not.toContain('# EOF');
  });

  it('compresses for those who can read it', async () => {
    const request = `GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`;
    const answer = await raw(exporter.origin, request);
    const split = answer.indexOf('\r\n\r\n');
    expect(answer.subarray(0, split).toString()).toMatch(/content-encoding: gzip/i);
    const response = await exporter.get('/metrics', { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('vary')).toMatch(/Accept-Encoding/);
    expect(await response.text()).toContain('litellm_total_spend{model="gpt-5"} 2.5');
    const identity = await exporter.get('/metrics', { headers: { 'accept-encoding': 'identity' } });
    expect(identity.headers.get('content-encoding')).toBeNull();
  });

  it('many scrapes at once get the same whole answer', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await exporter.get('/metrics')).text()));
    for (const text of texts) {
      parseExposition(text, '0.0.4');
      expect(text).toContain('litellm_total_spend{model="gpt-5"} 2.5');
    }
  });

  it('an answer that can not be made is a short 500, and the log says why', async () => {
    const error = jest.spyOn(console, 'error').mockReturnValue(undefined);
    const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const refresh = jest.spyOn(exporter.store, 'refresh').mockRejectedValue(new TypeError('of the inside'));
    try {
      const response = await exporter.get('/metrics');
      expect(response.status).toBe(500);
      expect(await response.text()).toBe('no answer could be made; the log says why\n');
      expect(stderr.mock.calls.join()).toContain('of the inside');
    } finally {
      refresh.mockRestore();
      stderr.mockRestore();
      error.mockRestore();
    }
  });
});

describe('before the first seed is whole', () => {
  it('W6: is alive and not ready, and shows self-metrics alone', async () => {
    const waiting = new FakePostgres();
    waiting.inRecovery = true;
    await using before = await givenExporter(waiting, { LOG_LEVEL: 'error' });
    expect((await before.get('/livez')).status).toBe(200);
    expect((await before.get('/healthz')).status).toBe(200);
    const ready = await before.get('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('the first seed is not finished');
    const text = await (await before.get('/metrics')).text();
    parseExposition(text, '0.0.4');
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
    expect(families.length).toBeGreaterThan(10);
    expect(families.filter((name) => !/^(litellm_exporter_|process_|nodejs_)/.test(name))).toEqual([]);
    expect(text).toMatch(/^litellm_exporter_ready 0$/m);
    waiting.inRecovery = false;
    await awaitUntil(async () => (await before.get('/readyz')).ok, { interval: 20, what: 'readiness' });
    expect(await (await before.get('/metrics')).text()).toMatch(/^# TYPE litellm_total_spend gauge$/m);
  });
});

describe('METRICS_PATH', () => {
  it('moves the metrics, and the link to them', async () => {
    await using moved = await givenExporter(new FakePostgres(), { METRICS_PATH: '/some/where.txt' });
    expect((await moved.get('/some/where.txt')).status).toBe(200);
    expect((await moved.get('/some/wherextxt')).status).toBe(404);
    expect((await moved.get('/metrics')).status).toBe(404);
    expect(await (await moved.get('/')).text()).toContain('href="/some/where.txt"');
  });
});

describe('slow clients', () => {
  it.each([
    [undefined, 60_000],
    ['10', 9_500],
    ['0.3', 500],
    ['1000', 59_500],
    ['0', 60_000],
    ['-3', 60_000],
    ['soon', 60_000],
  ])('X-Prometheus-Scrape-Timeout-Seconds: %s gives %d ms', (header, milliseconds) => {
    expect(answerTimeout(header)).toBe(milliseconds);
  });

  it('W9: one that does not read is cut when its time is up, and the state goes on meanwhile', async () => {
    const big = new FakePostgres();
    const named = (one: number): string => `model ${one} ${'x'.repeat(1_000)}`;
    big.commit(Array.from({ length: 600 }, (_, one) => spend({ model: named(one) })));
    await using slow = await givenExporter(big);
    await awaitUntil(async () => (await slow.get('/readyz')).ok, { interval: 20, what: 'readiness' });
    const { hostname, port } = new URL(slow.origin);
    const socket = connect(Number(port), hostname);
    socket.pause();
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    socket.on('error', () => undefined);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n\r\n');
    await pause(300);
    const { version } = slow.store.state ?? { version: 0 };
    await awaitUntil(() => (slow.store.state?.version ?? 0) > version, { what: 'the next step' });
    await pause(900);
    socket.resume();
    await awaitUntil(() => closed, { what: 'the end of the connection' });
    // What the buffers of both sockets held is all that it has got: some megabytes where the kernel makes them large.
    const whole = await slow.get('/metrics');
    expect(whole.status).toBe(200);
    expect(socket.bytesRead).toBeLessThan((await whole.text()).length / 2);
  });
});
