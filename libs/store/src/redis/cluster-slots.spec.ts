import { describe, expect, it } from '@jest/globals';
import { clusterView } from './cluster-slots.js';

const ANSWER = [
  [0, 5_460, ['10.0.0.1', 6_379, 'id'], ['10.0.0.4', 6_379, 'id', ['hostname', 'x']]],
  [5_461, 10_922, ['', 6_380, 'id']],
  [10_923, 16_383, ['?', 6_381, 'id'], [null, 6_382, 'id']],
];

describe('what a node says of its cluster', () => {
  it('names the primary of a slot, and all nodes', () => {
    const { owner, nodes } = clusterView(ANSWER, 5_460, 'asked');
    expect(owner).toEqual({ host: '10.0.0.1', port: 6_379 });
    expect(nodes.map(({ host, port }) => `${host}:${port}`)).toEqual([
      '10.0.0.1:6379',
      '10.0.0.4:6379',
      'asked:6380',
      'asked:6382',
    ]);
  });

  it('means itself where it names no host', () => {
    expect(clusterView(ANSWER, 5_461, 'asked').owner).toEqual({ host: 'asked', port: 6_380 });
  });

  it('names nobody for a slot without owner, or whose owner has no known name', () => {
    expect(clusterView(ANSWER, 16_000, 'asked').owner).toBeNull();
    expect(clusterView([], 1, 'asked')).toEqual({ owner: null, nodes: [] });
  });
});
