import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { FakeState } from '../../../../test/support/fake-state.js';
import { renderedText } from '../../../../test/support/rendered-text.js';
import { type CounterFamily, gauge, type HistogramFamily } from '../family.js';
import { each } from '../steps.js';

const TEXTS = ['plain', 'quo"te', 'back\\slash', 'new\nline', 'emoji 🦙', ''];
const NUMBERS = [0, 1, -1, 0.1, 1 / 3, 1e21, 1e-7, 123456789.125, Number.MAX_SAFE_INTEGER];
const declared = { kept: false, needs: [], settings: [] } as const;

describe('text 0.0.4', () => {
  it('equals what prom-client writes for a gauge, byte for byte', async () => {
    const registry = new Registry();
    const theirs = new Gauge({ name: 'a_gauge', help: 'H "q" \\ \n x', labelNames: ['x', 'y'], registers: [registry] });
    const samples = TEXTS.flatMap((text, x) => NUMBERS.map((value, y) => ({ labels: [text, `${x}/${y}`], value })));
    for (const { labels, value } of samples) theirs.set({ x: labels[0]!, y: labels[1]! }, value);
    const ours = gauge({
      name: 'a_gauge',
      help: 'H "q" \\ \n x',
      labels: ['x', 'y'],
      collect: (_, emit) => each(samples, ({ labels, value }) => emit(labels, value)),
    });
    expect(await renderedText([ours], new FakeState())).toBe(await registry.metrics());
  });

  it('equals what prom-client writes for a counter, byte for byte', async () => {
    const registry = new Registry();
    const theirs = new Counter({ name: 'a_total', help: 'Help.', labelNames: ['x'], registers: [registry] });
    for (const [at, x] of TEXTS.entries()) theirs.inc({ x }, at);
    const ours: CounterFamily = {
      ...declared,
      type: 'counter',
      shows: 'spend_usd',
      name: 'a_total',
      help: 'Help.',
      labels: ['x'],
      collect: (_, emit) => each(TEXTS.entries(), ([at, x]) => emit([x], at)),
    };
    expect(await renderedText([ours], new FakeState())).toBe(await registry.metrics());
  });

  it('equals what prom-client writes for a histogram, byte for byte', async () => {
    const registry = new Registry();
    const buckets = [0.5, 1, 10];
    const theirs = new Histogram({
      name: 'a_seconds',
      help: 'Help.',
      labelNames: ['x'],
      buckets,
      registers: [registry],
    });
    for (const x of TEXTS) for (const seconds of [0.25, 0.5, 3, 3, 50]) theirs.observe({ x }, seconds);
    const ours: HistogramFamily = {
      ...declared,
      type: 'histogram',
      shows: 'request_duration',
      name: 'a_seconds',
      help: 'Help.',
      labels: ['x'],
      bounds: () => buckets,
      collect: (_, emit) => each(TEXTS, (x) => emit({ values: [x], buckets: [2, 0, 2, 1], sum: 56.75 })),
    };
    expect(await renderedText([ours], new FakeState())).toBe(await registry.metrics());
  });
});
