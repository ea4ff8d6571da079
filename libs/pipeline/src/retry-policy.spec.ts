import { ExporterFailure, type FailureKind } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { retryVerdict } from './retry-policy.js';

function failing(kind: FailureKind): ExporterFailure {
  return new ExporterFailure({ kind, message: 'any' });
}

describe('the policy of retries', () => {
  it('doubles the pause up to five seconds, and never below half a second', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 100, 5_000].map(
      (attempt) => retryVerdict(failing('stream-broken'), attempt).pause,
    );
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000]);
  });

  it.each([
    'database-missing',
    'tls-refused',
    'authentication-failed',
    'privilege-missing',
    'plugin-refused',
    'slots-exhausted',
    'other-system',
    'store-format',
  ] as const)('what only an operator can mend is tried slowly: %s', (kind) =>
    expect(retryVerdict(failing(kind), 1)).toEqual({ pause: 30_000, operator: true }),
  );

  it.each([
    'connection-refused',
    'server-in-recovery',
    'server-shutting-down',
    'seed-interrupted',
    'store-unavailable',
    'checkpoint-mismatch',
    'fenced',
  ] as const)('what mends itself is tried soon: %s', (kind) =>
    expect(retryVerdict(failing(kind), 1)).toEqual({ pause: 500, operator: false }),
  );

  it('somebody else\u2019s walsender is given a second', () => {
    expect(retryVerdict(failing('slot-active'), 1).pause).toBe(1_000);
  });

  it('decides by the kind, never by the text', () => {
    expect(retryVerdict(new Error('authentication-failed'), 1)).toEqual({ pause: 500, operator: false });
    expect(retryVerdict('anything', 1).pause).toBe(500);
  });
});
