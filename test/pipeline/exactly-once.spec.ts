import { MemoryStateStore } from '@app/store';
import { describe } from '@jest/globals';
import { holdsExactlyOnce } from './exactly-once.contract.js';

describe('a pipeline with state in memory', () => {
  holdsExactlyOnce(Number(process.env.EXACTLY_ONCE_RUNS ?? 60), () => ({
    open: () => new MemoryStateStore(),
    durability: 'process',
  }));
});
