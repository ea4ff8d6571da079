import { describe, it } from '@jest/globals';
import { valkeyProgram } from '../../scripts/setup/valkey.mjs';

/** A suite that needs a server with WAITAOF; where there is none it is skipped by name, and fails under `CI_STRICT`. */
export function describeOnValkey(name: string, suite: () => void): void {
  if (valkeyProgram() !== undefined) {
    describe(name, suite);
    return;
  }
  describe.skip(`${name} (not run: Valkey, or Redis 7.2, is missing; set TEST_VALKEY_BIN)`, suite);
  if (process.env.CI_STRICT === '1') {
    it(`${name}: needs Valkey`, () => {
      throw new Error('Valkey, or Redis 7.2, is missing');
    });
  }
}
