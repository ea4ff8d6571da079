import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockWriter, lineOf, OPENS_EVERY } from './blocks.js';
import { Chunks } from './chunks.js';
import { RememberedSamples } from './remembered-samples.js';

const START = { name: 'm', labels: ['a'] };

type Row = readonly [name: string, value: number];

/** Writes answers one after the other, each from the memory of the one before. */
function given() {
  const memory = new RememberedSamples();
  const writer = new BlockWriter();
  return (rows: readonly Row[]) => {
    const recall = memory.recall();
    const samples = rows.map(([name, value]) => recall([name], value));
    const chunks = new Chunks();
    for (const _ of writer.write(samples, START, chunks));
    memory.remember(samples);
    const buffers = chunks.finish();
    const giveBack = writer.finish(chunks.blocks);
    const expected = samples.map((sample) => lineOf(sample, START)).join('');
    return { buffers, text: Buffer.concat(buffers).toString(), expected, giveBack };
  };
}

/** The same series from one answer to the next: whole stretches of them change, and few of them are left out. */
function answersOfTheSame(): fc.Arbitrary<Row[][]> {
  const stretch = fc.record({ value: fc.constantFrom(0, 1, 0.1), without: fc.option(fc.nat(2_000), { freq: 9 }) });
  const rows = fc.array(stretch, { minLength: 5, maxLength: 5 }).map((stretches) =>
    rowsNamed(1_000)
      .map(([name], at): Row => [name, stretches[Math.floor(at / 200)]?.value ?? 0])
      .filter((_, at) => stretches.every(({ without }) => without !== at)),
  );
  return fc.array(rows, { minLength: 1, maxLength: 8 });
}

/** Rows of series that come, go and change from one answer to the next, in an order that stays. */
function answersOf(maxLength: number): fc.Arbitrary<Row[][]> {
  const name = fc.tuple(fc.nat(1_500), fc.constantFrom('', 'é', '🦙', '"')).map(([at, more]) => `${at}${more}`);
  const rows = fc.uniqueArray(fc.tuple(name, fc.constantFrom(0, 1, 0.1, -2.5e-9)), {
    selector: ([text]) => text,
    maxLength: 1_200,
    size: 'max',
  });
  const sorted = rows.map((answer) => answer.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return fc.array(sorted, { minLength: 1, maxLength });
}

function rowsNamed(count: number, value = 1): Row[] {
  return Array.from({ length: count }, (_, at) => [`series ${at}`, value] as const);
}

describe('blocks', () => {
  it('say what the lines say, whatever came, went or changed since the answer before', () => {
    fc.assert(
      fc.property(answersOf(4), (answers) => {
        const write = given();
        for (const answer of answers) {
          const { text, expected } = write(answer);
          expect(text).toBe(expected);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keep what they say until their answer is given back, whichever answers are given back before', () => {
    const kept = fc.array(fc.nat(2), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(answersOfTheSame(), kept, (answers, keep) => {
        const write = given();
        const live: ReturnType<typeof write>[] = [];
        for (const [at, answer] of answers.entries()) {
          live.push(write(answer));
          for (const { buffers, expected } of live) expect(Buffer.concat(buffers).toString()).toBe(expected);
          while (live.length > (keep[at] as number)) live.splice((keep[at] as number) % live.length, 1)[0]?.giveBack();
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are made in the memory of those that no answer has any more', () => {
    const write = given();
    const memoryOf = ({ buffers }: ReturnType<typeof write>) => buffers.map(({ buffer }) => buffer);
    const first = write(rowsNamed(2_000));
    const second = write(rowsNamed(2_000, 2));
    expect(memoryOf(second).some((memory) => memoryOf(first).includes(memory))).toBe(false);
    first.giveBack();
    const third = write(rowsNamed(2_000, 3));
    expect(new Set(memoryOf(third))).toEqual(new Set(memoryOf(first)));
    expect(third.text).toBe(third.expected);
  });

  it('are the same buffers where nothing has changed', () => {
    const write = given();
    const { buffers } = write(rowsNamed(2_000));
    expect(buffers.length).toBeGreaterThan(2);
    const again = write(rowsNamed(2_000)).buffers;
    expect(again.map((buffer, at) => buffer === buffers[at])).toEqual(buffers.map(() => true));
  });

  it.each([
    ['changes', (rows: Row[]) => rows.with(700, ['series 700', 2])],
    ['goes', (rows: Row[]) => rows.toSpliced(700, 1)],
    ['comes', (rows: Row[]) => rows.toSpliced(700, 0, ['new', 1])],
    ['goes that began a block', (rows: Row[]) => rows.toSpliced(2 * OPENS_EVERY, 1)],
  ])('are made anew around a series that %s, and nowhere else', (_, change) => {
    const write = given();
    const before = new Set(write(rowsNamed(5_000)).buffers);
    const { buffers, text, expected } = write(change(rowsNamed(5_000)));
    expect(text).toBe(expected);
    const made = buffers.filter((buffer) => !before.has(buffer));
    expect(made.length).toBeGreaterThan(0);
    expect(made.length).toBeLessThanOrEqual(2);
  });

  it('are joined when most of their series have gone, so that answers do not fall to pieces', () => {
    const write = given();
    write(rowsNamed(OPENS_EVERY * 20));
    const { buffers } = write(rowsNamed(OPENS_EVERY * 20).filter((_, at) => at % 32 === 0));
    expect(buffers.length).toBeLessThanOrEqual(4);
  });
});
