import { createHash } from 'node:crypto';
import { PassThrough, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { RecordedState } from '@app/aggregates';
import { describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../../test/support/exposition.js';
import { FakeState } from '../../../../test/support/fake-state.js';
import { createExposition } from '../create-exposition.js';
import { SelfMetrics } from '../self-metrics.js';
import type { ScrapeRequest } from './exposition.js';

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';

function scraped(state: RecordedState | null, request: Partial<ScrapeRequest> = {}) {
  const self = new SelfMetrics({ version: '1.2.3', revision: 'abc' }, false);
  const exposition = createExposition({ disabled: '', maxSeries: 0 }, self);
  const signal = new AbortController().signal;
  const rest = { withProcess: true, accept: undefined, acceptEncoding: undefined, signal, ...request };
  return exposition.answer({ state, ...rest });
}

async function bodyOf(answer: Awaited<ReturnType<typeof scraped>>): Promise<Buffer> {
  const target = new PassThrough();
  const chunks: Buffer[] = [];
  target.on('data', (chunk: Buffer) => chunks.push(chunk));
  expect(await answer.send(target)).toBe(true);
  return Buffer.concat(chunks);
}

const STATE = new FakeState({
  series: {
    spend_by_model: [[['m "1"'], 1, 0.25, 3, 2, 1]],
    spend_by_tag: Array.from({ length: 5_000 }, (_, at) => [[`tag ${at} 🦙`], 1, at] as const),
  },
  histograms: { request_duration: [{ labels: ['m'], buckets: [1, 0, 0, 1], sum: 100 }] },
});

describe('answers to scrapes', () => {
  it('say the same in both formats, to a strict reader', async () => {
    const plain = parseExposition((await bodyOf(await scraped(STATE))).toString(), '0.0.4');
    const openAnswer = await scraped(STATE, { accept: OPENMETRICS });
    const open = parseExposition((await bodyOf(openAnswer)).toString(), 'openmetrics');
    expect(openAnswer.headers['Content-Type']).toMatch(
      /^application\/openmetrics-text; version=1\.0\.0; charset=utf-8/,
    );
    expect(plain.value('litellm_total_spend', { model: 'm "1"' })).toBe(0.25);
    const comparable = (series: ReadonlyMap<string, number>) =>
      new Map([...series].map(([name, value]) => [name.replace(/le="(\d+)\.0"/, 'le="$1"'), value]));
    const inPlain = comparable(plain.series);
    const without = [...comparable(open.series)].filter(([name]) => !name.startsWith('litellm_exporter_render'));
    for (const [name, value] of without) expect([name, inPlain.get(name)]).toEqual([name, value]);
    expect(open.series.size).toBe(plain.series.size);
  });

  it('are one gzip member that unpacks to the plain answer', async () => {
    const plain = await bodyOf(await scraped(STATE));
    const answer = await scraped(STATE, { acceptEncoding: 'gzip' });
    expect(answer.headers['Content-Encoding']).toBe('gzip');
    const packed = await bodyOf(answer);
    expect(packed.length).toBeLessThan(plain.length / 4);
    const unpacked = gunzipSync(packed).toString();
    const stable = (body: string) => body.replaceAll(/^litellm_exporter_render_duration_seconds .*$/gm, '');
    expect(stable(unpacked)).toBe(stable(plain.toString()));
    await expect(
      text(new Response(new Uint8Array(packed)).body?.pipeThrough(new DecompressionStream('gzip')) as never),
    ).resolves.toHaveLength(unpacked.length);
  });

  it('carry the process alone before a first seed is whole (W6)', async () => {
    for (const acceptEncoding of [undefined, 'gzip']) {
      const body = await bodyOf(await scraped(null, { acceptEncoding }));
      const plain = acceptEncoding === undefined ? body : gunzipSync(body);
      const { families } = parseExposition(plain.toString());
      expect([...families.keys()].every((name) => name.startsWith('litellm_exporter_'))).toBe(true);
      expect(families.has('litellm_exporter_seed_progress_ratio')).toBe(true);
      expect(families.has('litellm_exporter_state_version')).toBe(false);
    }
  });

  it('leave the process out where it has a port of its own', async () => {
    const body = (await bodyOf(await scraped(STATE, { withProcess: false, accept: OPENMETRICS }))).toString();
    expect(body).not.toContain('litellm_exporter_build_info');
    expect(body.endsWith('\n# EOF\n')).toBe(true);
    const without = parseExposition((await bodyOf(await scraped(null, { withProcess: false }))).toString());
    expect(without.value('litellm_exporter_ready')).toBe(0);
    expect(without.families.has('litellm_exporter_store_errors_total')).toBe(false);
  });

  it('are sent no faster than they are taken, and a client that is too slow is cut', async () => {
    const cut = new AbortController();
    const answer = await scraped(STATE, { signal: cut.signal });
    let taken = 0;
    const stuck = new Writable({
      highWaterMark: 1,
      write: () => {
        taken += 1;
      },
    });
    const sending = answer.send(stuck);
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(1);
    cut.abort();
    expect(await sending).toBe(false);
    expect(stuck.destroyed).toBe(true);
  });

  it('end quietly when the client goes away', async () => {
    const answer = await scraped(STATE);
    const gone = new Writable({ highWaterMark: 1, write: () => undefined });
    const sending = answer.send(gone);
    gone.destroy(new Error('ECONNRESET'));
    expect(await sending).toBe(false);
  });

  it('free what they hold once sent, cut or given up', async () => {
    const self = new SelfMetrics({ version: '1', revision: '' }, false);
    const exposition = createExposition({ disabled: '', maxSeries: 0 }, self);
    const request = { withProcess: true, accept: undefined, acceptEncoding: undefined };
    const signal = new AbortController().signal;
    for (let version = 1; version <= 5; version++) {
      const answer = await exposition.answer({ ...request, signal, state: new FakeState({ version }) });
      if (version % 2 === 0) answer.release();
      else await bodyOf(answer);
    }
  });

  it.each([undefined, 'gzip'])(
    'reach a slow client as they were, whatever other clients get meanwhile (%s)',
    async (acceptEncoding) => {
      const self = new SelfMetrics({ version: '1.2.3', revision: 'abc' }, false);
      const exposition = createExposition({ disabled: '', maxSeries: 0 }, self);
      const state = (version: number) => {
        const spend_by_tag = Array.from(
          { length: 3_000 },
          (_, at) => [[`tag ${at}`], 1, at % 7 === 0 ? version : at] as const,
        );
        return new FakeState({ series: { spend_by_tag }, version });
      };
      const request = { withProcess: false, accept: undefined, signal: new AbortController().signal };
      const answer = (version: number) => exposition.answer({ ...request, state: state(version), acceptEncoding });
      const plain = (body: Buffer): string => (acceptEncoding === undefined ? body : gunzipSync(body)).toString();
      const expected = async (version: number) =>
        plain(
          await bodyOf(
            await createExposition({ disabled: '', maxSeries: 0 }, self).answer({
              ...request,
              state: state(version),
              acceptEncoding,
            }),
          ),
        );
      const slow = new PassThrough({ highWaterMark: 1 });
      const sending = (await answer(1)).send(slow);
      for (let version = 2; version < 7; version++) {
        expect(plain(await bodyOf(await answer(version)))).toBe(await expected(version));
      }
      const taken = await buffer(slow);
      expect(await sending).toBe(true);
      expect(plain(taken)).toBe(await expected(1));
    },
  );

  it('as gzip are whole when pieces of earlier ones stand between new ones, and do not compress at all', async () => {
    const self = new SelfMetrics({ version: '1.2.3', revision: 'abc' }, false);
    const exposition = createExposition({ disabled: '', maxSeries: 0 }, self);
    // Names that do not repeat each other give pieces far larger than what a stream holds by itself.
    const named = (at: number): string => createHash('sha512').update(`${at}`).digest('base64').repeat(2);
    for (const changed of [0, 700, 2_900]) {
      const spend_by_tag = Array.from({ length: 3_000 }, (_, at) => [[named(at)], 1, at < changed ? -at : at] as const);
      const state = new FakeState({ series: { spend_by_tag }, version: changed + 1 });
      const request = { state, withProcess: false, accept: undefined, signal: new AbortController().signal };
      const plain = await bodyOf(await exposition.answer({ ...request, acceptEncoding: undefined }));
      const packed = await bodyOf(await exposition.answer({ ...request, acceptEncoding: 'gzip' }));
      expect(gunzipSync(packed).equals(plain)).toBe(true);
      expect(packed.length).toBeGreaterThan(150_000);
    }
  });
});
