import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundText, escapeHelp, escapeLabelValue, familyHeader, labelText, numberText } from './dialect.js';

/** Reads what stands between quotes, after the text of the two formats; nothing of the code under test is used. */
function readBack(text: string): string {
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char !== '\\') {
      if (char === '"' || char === '\n') throw new Error(`bare ${JSON.stringify(char)}`);
      plain += char;
      continue;
    }
    at += 1;
    const escaped = { '\\': '\\', '"': '"', n: '\n' }[text[at] as string];
    if (escaped === undefined) throw new Error(`unknown escape ${text[at]}`);
    plain += escaped;
  }
  return plain;
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', ',', '}', '=', 'é', '🦙') }),
);

describe('dialect', () => {
  it('escapes label values so that reading them back gives the same text', () => {
    fc.assert(fc.property(nasty, (text) => expect(readBack(escapeLabelValue(text))).toBe(text)));
  });

  it('writes label sets that can be taken apart again', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (values) => {
        const names = values.map((_, at) => `label_${at}`);
        const text = labelText(names, values);
        const found = [...text.matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"[,}]/gs)];
        expect(found.map(([, name]) => name)).toEqual(names);
        expect(found.map(([, , value]) => readBack(value as string))).toEqual(values);
      }),
    );
  });

  it('keeps HELP on one line, and escapes quotes there in OpenMetrics alone', () => {
    expect(escapeHelp('a "b"\n\\c', 'text')).toBe('a "b"\\n\\\\c');
    expect(escapeHelp('a "b"\n\\c', 'openmetrics')).toBe('a \\"b\\"\\n\\\\c');
    fc.assert(fc.property(nasty, (text) => expect(readBack(escapeHelp(text, 'openmetrics'))).toBe(text)));
  });

  it('writes numbers that read back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
        expect(Number(numberText(value)) === value).toBe(true),
      ),
    );
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(numberText)).toEqual([
      'NaN',
      '+Inf',
      '-Inf',
    ]);
    expect([1e21, 1e-7, -0, 0.1].map(numberText)).toEqual(['1e+21', '1e-7', '0', '0.1']);
  });

  it('gives bounds a decimal point in OpenMetrics', () => {
    expect([1, 0.5, 600].map((bound) => boundText(bound, 'openmetrics'))).toEqual(['1.0', '0.5', '600.0']);
    expect([1, 0.5, 600].map((bound) => boundText(bound, 'text'))).toEqual(['1', '0.5', '600']);
  });

  it('names a counter without _total in OpenMetrics, and a gauge of that name as it is', () => {
    const facts = { name: 'a_total', help: 'h' };
    expect(familyHeader({ ...facts, type: 'counter' }, 'openmetrics')).toBe('# HELP a h\n# TYPE a counter\n');
    expect(familyHeader({ ...facts, type: 'gauge' }, 'openmetrics')).toBe('# HELP a_total h\n# TYPE a_total gauge\n');
    expect(familyHeader({ ...facts, type: 'counter' }, 'text')).toBe('# HELP a_total h\n# TYPE a_total counter\n');
  });
});
