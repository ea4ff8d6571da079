import { describe, expect, it } from '@jest/globals';
import { type Blocker, blockersRemedy } from './slot-blockers.js';

const session = (pid: number): Blocker => ({ pid, application: null, role: null, seconds: null });

describe('the remedy for a wait', () => {
  it.each([
    [[7], 'end that transaction, or: SELECT pg_terminate_backend(7);'],
    [[7, 8], 'end that transaction, or: SELECT pg_terminate_backend(7); SELECT pg_terminate_backend(8);'],
    [[0], 'end that transaction, or: COMMIT PREPARED or ROLLBACK PREPARED'],
    [[], 'end that transaction, or: SELECT pg_terminate_backend(pid);'],
  ])('names each session, and for a prepared transaction what ends one: %j', (pids, remedy) => {
    expect(blockersRemedy(pids.map(session))).toBe(remedy);
  });
});
