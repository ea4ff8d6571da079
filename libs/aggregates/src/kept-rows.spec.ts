import type { SpendFact } from '@app/litellm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeptRows } from './kept-rows.js';

const text = fc.string();
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const orNull = fc.option(number);
const facts: fc.Arbitrary<SpendFact> = fc.record({
  ...{ requestId: text, startTime: number, endTime: number, completionStartTime: orNull, durationMs: orNull },
  ...{ apiKey: text, user: text, teamId: text, organizationId: text, model: text, modelId: text },
  ...{ modelGroup: text, provider: text, spend: number, totalTokens: number, promptTokens: number },
  ...{ completionTokens: number, status: fc.constantFrom('success', 'failure'), errorType: text },
  ...{ cache: fc.constantFrom('hit', 'miss', 'none'), tags: fc.array(text) },
});

describe('kept rows', () => {
  it('come back as they were and in their order, but without their ids', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 20 }), (all) => {
        const kept = new KeptRows();
        for (const fact of all) kept.add(fact);
        expect(kept.length).toBe(all.length);
        const back: SpendFact[] = [];
        kept.each((fact) => back.push({ ...fact }));
        expect(back).toEqual(all.map((fact) => ({ ...fact, requestId: '' })));
      }),
    );
  });
});
