import { describe, expect, it } from '@jest/globals';
import { parseExposition, seriesKey } from './exposition.js';

const gauge = '# HELP a Help.\n# TYPE a gauge\n';
const histogram = '# HELP h H.\n# TYPE h histogram\n';
const counter = '# HELP c C.\n# TYPE c counter\n';

describe('the reader of expositions', () => {
  it('gives values by name and labels, whatever the order of the labels', () => {
    const scrape = parseExposition(`${gauge}a{x="1",y="2"} 3\na 4e-3\na{x="\\\\ \\" \\n ü"} +Inf 1700000000000\n`);
    expect(scrape.value('a', { y: '2', x: '1' })).toBe(3);
    expect(scrape.value('a')).toBe(0.004);
    expect(scrape.value('a', { x: '\\ " \n ü' })).toBe(Infinity);
    expect(scrape.value('a', { x: '2' })).toBeUndefined();
    expect(scrape.samples('a', { x: '1' })).toHaveLength(1);
    expect([...scrape.series.keys()][0]).toBe(seriesKey('a', { y: '2', x: '1' }));
    expect(scrape.families.get('a')).toMatchObject({ type: 'gauge', help: 'Help.' });
  });

  it('keeps a family without samples', () => {
    expect(parseExposition(gauge).families.get('a')?.samples).toEqual([]);
  });

  it('unescapes HELP', () => {
    expect(parseExposition('# HELP a one\\ntwo \\\\\n# TYPE a gauge\n').families.get('a')?.help).toBe('one\ntwo \\');
  });

  it('takes a histogram that fits together', () => {
    const scrape = parseExposition(`${histogram}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n`);
    expect(scrape.value('h_bucket', { le: '+Inf' })).toBe(2);
  });

  it.each([
    ['a sample without TYPE', 'a 1\n'],
    ['a family without TYPE', '# HELP a A.\n'],
    ['a family without HELP', '# TYPE a gauge\na 1\n'],
    ['a series twice', `${gauge}a{x="1",y="2"} 1\na{y="2",x="1"} 2\n`],
    ['a family in two places', `${gauge}${counter}${gauge}`],
    ['TYPE twice', `${gauge}# TYPE a gauge\n`],
    ['TYPE after samples', '# HELP a A.\n# TYPE a gauge\na 1\n# TYPE a gauge\n'],
    ['an unknown TYPE', '# HELP a A.\n# TYPE a gage\n'],
    ['a sample of another family', `${gauge}b 1\n`],
    ['no value', `${gauge}a\n`],
    ['a value that is no number', `${gauge}a one\n`],
    ['a value in hexadecimal', `${gauge}a 0x10\n`],
    ['two blanks before the value', `${gauge}a  1\n`],
    ['an open quote', `${gauge}a{x="1} 1\n`],
    ['an unknown escape', `${gauge}a{x="\\t"} 1\n`],
    ['a label twice', `${gauge}a{x="1",x="2"} 1\n`],
    ['a label name with a dash', `${gauge}a{x-y="1"} 1\n`],
    ['no final newline', `${gauge}a 1`],
    ['a negative counter', `${counter}c -1\n`],
    ['a histogram without +Inf', `${histogram}h_bucket{le="1"} 1\nh_sum 3\nh_count 1\n`],
    ['a histogram whose count is not its last bucket', `${histogram}h_bucket{le="+Inf"} 2\nh_sum 3\nh_count 1\n`],
    ['a histogram that falls', `${histogram}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 3\nh_count 1\n`],
    [
      'a histogram out of order',
      `${histogram}h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 3\nh_count 1\n`,
    ],
    ['a histogram without sum', `${histogram}h_bucket{le="+Inf"} 1\nh_count 1\n`],
    ['an exemplar', `${counter}c 1 # {} 1\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});

describe('the reader of OpenMetrics', () => {
  it('takes counters with _total, units and exemplars', () => {
    const text =
      '# TYPE c_seconds counter\n# UNIT c_seconds seconds\n# HELP c_seconds C.\nc_seconds_total 1 # {id="x"} 0.5 1.5\n# EOF\n';
    const scrape = parseExposition(text, 'openmetrics');
    expect(scrape.value('c_seconds_total')).toBe(1);
    expect(scrape.families.get('c_seconds')).toMatchObject({ type: 'counter', unit: 'seconds' });
  });

  it.each([
    ['a text without # EOF', gauge],
    ['a blank line', `${gauge}\n# EOF\n`],
    ['a free comment', `${gauge}# hello\n# EOF\n`],
    ['a counter without _total', `${counter}c 1\n# EOF\n`],
    ['# EOF before the end', `${gauge}# EOF\n# EOF\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseExposition(text, 'openmetrics')).toThrow();
  });
});
