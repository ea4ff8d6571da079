import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { type FakeSeries, FakeState, user } from '../../../../test/support/fake-state.js';
import { SPEND_FAMILIES } from '../families/spend.js';
import { windowedGauge } from '../family.js';
import { lineOf } from './blocks.js';
import { RememberedSamples } from './remembered-samples.js';
import { StateRenderer } from './render.js';

function manySeries(count: number): FakeSeries[] {
  return Array.from({ length: count }, (_, at) => [[`user-${at % 1000}`, `model-${at}`], 1, at] as const);
}

describe('rendering', () => {
  it('holds the state while it is read, and not a moment longer (W6)', async () => {
    const state = new FakeState({ series: { spend_by_tag: [[['a'], 1, 1]] } });
    const rendering = new StateRenderer({ families: SPEND_FAMILIES, maxSeries: 0 }).render(state, 'text');
    expect(state.holders).toBe(1);
    await rendering;
    expect(state.holders).toBe(0);
  });

  it('W6: waits for the step that is being applied, and shows it whole', async () => {
    const maker = new StepMaker();
    const { state } = maker;
    const end = state.change();
    const rendering = new StateRenderer({ families: SPEND_FAMILIES, maxSeries: 0 }).render(state, 'text');
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.held).toBe(false);
    maker.step({ rows: [{ kind: 'spend_by_tag', key: 7, age: 0, sum: 1 }] });
    end(true);
    const { chunks, version } = await rendering;
    expect(version).toBe(state.version);
    expect(Buffer.concat(chunks).toString()).toContain('tag 7');
    expect(state.held).toBe(false);
  });

  it('releases the state when a family fails', async () => {
    const broken = windowedGauge({
      name: 'broken',
      help: '',
      labels: [],
      collect: () => {
        throw new Error('broken');
      },
    });
    const state = new FakeState();
    const renderer = new StateRenderer({ families: [broken], maxSeries: 0 });
    await expect(renderer.render(state, 'text')).rejects.toThrow('broken');
    expect(state.holders).toBe(0);
  });

  it('lets the event loop turn while it works, and cuts the text into chunks of about 64 kB', async () => {
    const entities = Array.from({ length: 1000 }, (_, at) => user(`user-${at}`));
    const state = new FakeState({ entities, series: { spend_by_user: manySeries(60_000) } });
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 1);
    const rendered = await new StateRenderer({ families: SPEND_FAMILIES, maxSeries: 0 }).render(state, 'text');
    clearInterval(turning);
    expect(turns).toBeGreaterThan(2);
    expect(rendered.chunks.length).toBeGreaterThan(50);
    for (const chunk of rendered.chunks) expect(chunk.length).toBeLessThan(70_000);
    expect(rendered.length).toBe(rendered.chunks.reduce((sum, { length }) => sum + length, 0));
  });

  it('shows a renamed entity at once although label texts are kept', async () => {
    const renderer = new StateRenderer({ families: SPEND_FAMILIES, maxSeries: 0 });
    const named = async (userAlias: string) => {
      const state = new FakeState({
        entities: [user('u', { userAlias })],
        series: { spend_by_user: [[['u', 'm'], 1, 1]] },
      });
      return Buffer.concat((await renderer.render(state, 'text')).chunks).toString();
    };
    expect(await named('Ann')).toContain('user_alias="Ann"');
    expect(await named('Bea')).toContain('user_alias="Bea"');
    expect(await named('Bea')).not.toContain('Ann');
  });

  it('finds lines again in order, past series that have gone, and forgets what is not written any more (W9)', () => {
    const memory = new RememberedSamples();
    const answer = (rows: readonly [string, number][]) => {
      const recall = memory.recall();
      const samples = rows.map(([name, value]) => recall([name], value));
      const lines = samples.map((sample) => lineOf(sample, { name: 'm', labels: ['a'] }));
      memory.remember(samples);
      return { samples, lines };
    };
    const first = answer([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(first.lines).toEqual(['m{a="a"} 1\n', 'm{a="b"} 2\n', 'm{a="c"} 3\n']);
    const second = answer([
      ['a', 1],
      ['c', 4],
      ['d', 5],
    ]);
    expect(second.lines).toEqual(['m{a="a"} 1\n', 'm{a="c"} 4\n', 'm{a="d"} 5\n']);
    expect(second.samples[0]).toBe(first.samples[0]);
    expect(memory.all).toHaveLength(3);
  });

  it('writes the same whatever it remembers', async () => {
    const row = fc.record({ name: fc.nat(30).map(String), value: fc.constantFrom(0, 1, 0.1, 2.5) });
    const answers = fc.array(fc.uniqueArray(row, { selector: ({ name }) => name, maxLength: 20 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(answers, fc.constantFrom(0, 5), async (states, maxSeries) => {
        const families = SPEND_FAMILIES;
        const remembering = new StateRenderer({ families, maxSeries });
        for (const rows of states) {
          const spend_by_tag = rows.map(({ name, value }) => [[name], 1, value] as const);
          const state = new FakeState({ series: { spend_by_tag } });
          const known = await remembering.render(state, 'text');
          const fresh = await new StateRenderer({ families, maxSeries }).render(state, 'text');
          expect(Buffer.concat(known.chunks).toString()).toBe(Buffer.concat(fresh.chunks).toString());
        }
      }),
    );
  });
});
