import { MemoryStateStore } from '@app/store';
import { describe } from '@jest/globals';
import { holdsWithTwoLeaders } from './two-leaders.contract.js';

describe('two processes over one state in memory', () => {
  holdsWithTwoLeaders(Number(process.env.EXACTLY_ONCE_RUNS ?? 40), () => {
    // One store for both: it keeps the rules of claims as Redis does, and what lies between is the pipeline.
    const shared = new MemoryStateStore();
    return { open: () => shared, durability: 'external' };
  });
});
