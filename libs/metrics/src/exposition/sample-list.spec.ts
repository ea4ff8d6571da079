import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Sample } from '../sample.js';
import { SampleList } from './sample-list.js';

const SAMPLES = Array.from({ length: 6 }, (_, at) => new Sample([`${at}`], at));
const samples = fc.array(fc.constantFrom(...SAMPLES), { maxLength: 8 });

describe('lists of samples', () => {
  it('list what was added, whatever the answer before listed, and leave that as it was', () => {
    fc.assert(
      fc.property(samples, fc.oneof(samples, fc.constant(null)), fc.nat(8), (before, other, end) => {
        const added = other ?? before.slice(0, end);
        const kept = [...before];
        const list = new SampleList(before);
        for (const [at, sample] of added.entries()) {
          expect(list.length).toBe(at);
          list.add(sample);
        }
        expect(list.all()).toEqual(added);
        expect(list.length).toBe(added.length);
        expect(before).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });

  it('are the list of the answer before where nothing came or went', () => {
    const list = new SampleList(SAMPLES);
    for (const sample of SAMPLES) list.add(sample);
    expect(list.all()).toBe(SAMPLES);
  });
});
