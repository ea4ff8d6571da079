import { LSN_ZERO, type Lsn, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AcknowledgementLedger } from './acknowledgement.js';

const position = fc.bigInt({ min: 0n, max: 1_000n }).map(lsnOf);
const step = fc.record({ does: fc.constantFrom('receive', 'store', 'survive', 'confirm'), position });

describe('the ledger of positions', () => {
  it('W2: acked <= durable <= stored <= received at every moment, and none of them goes back', () => {
    fc.assert(
      fc.property(position, fc.array(step, { maxLength: 60 }), (start, steps) => {
        const ledger = new AcknowledgementLedger(start);
        let received = start;
        let acked: Lsn = LSN_ZERO;
        let before = { durable: ledger.durablePosition, stored: ledger.stored };
        for (const { does, position: at } of steps) {
          if (does === 'receive') {
            ledger.receive(at);
            if (at > received) received = at;
          } else if (does === 'store' && at > received) {
            expect(() => ledger.store(at)).toThrow('only after it was received');
          } else if (does === 'store') ledger.store(at);
          else if (does === 'survive') ledger.survive(at);
          else {
            const told = ledger.confirmable();
            if (told !== null) {
              expect(told > acked).toBe(true);
              acked = told;
            }
          }
          const now = { durable: ledger.durablePosition, stored: ledger.stored };
          expect(acked <= now.durable && now.durable <= now.stored && now.stored <= received).toBe(true);
          expect(now.durable >= before.durable && now.stored >= before.stored).toBe(true);
          before = now;
        }
      }),
    );
  });

  it('W2: what a stream starts from is confirmed only once the store says that it would survive', () => {
    const ledger = new AcknowledgementLedger(lsnOf(100n));
    expect(ledger.confirmable()).toBeNull();
    ledger.survive(lsnOf(90n));
    expect(ledger.confirmable()).toBe(90n);
    ledger.survive(lsnOf(500n));
    expect(ledger.confirmable()).toBe(100n);
    expect(ledger.confirmable()).toBeNull();
  });

  it('W2: says a position exactly as it came', () => {
    const ledger = new AcknowledgementLedger(lsnOf(100n));
    ledger.receive(lsnOf(2n ** 63n + 1n));
    ledger.store(lsnOf(2n ** 63n + 1n));
    ledger.survive(lsnOf(2n ** 63n + 1n));
    expect(ledger.confirmable()).toBe(2n ** 63n + 1n);
  });
});
