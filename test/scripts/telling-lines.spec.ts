import { expect, it } from '@jest/globals';
import { sumOf, tellingLines } from '../../scripts/quickstart/telling-lines.mjs';

const exposition = `# HELP litellm_total_spend Spend.
# TYPE litellm_total_spend gauge
litellm_total_spend{model="a b"} 1
litellm_total_spend{model="c"} 30
litellm_total_spend{model="d"} 4e-3
litellm_total_spend{model="e"} 5
litellm_requests_total{model="a",status="failure"} 2
litellm_requests_total{model="a",status="success"} 7
`;

it('the first look shows the largest series of each family, and no family that is absent', () => {
  const shown = tellingLines(exposition)
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim());
  expect(shown).toEqual([
    'litellm_total_spend{model="c"} 30',
    'litellm_total_spend{model="e"} 5',
    'litellm_total_spend{model="a b"} 1',
    'litellm_requests_total{model="a",status="success"} 7',
    'litellm_requests_total{model="a",status="failure"} 2',
  ]);
});

it('a family is summed over its own name alone', () => {
  expect(sumOf(exposition, 'litellm_requests_total')).toBe(9);
  expect(sumOf(exposition, 'litellm_requests')).toBe(0);
});
