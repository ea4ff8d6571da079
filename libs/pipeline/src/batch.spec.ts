import {
  AggregateState,
  type EntityLookup,
  inOneTurn,
  SLICE,
  SpendFold,
  type StateRecord,
  StepPreparation,
  TransactionFold,
  type Work,
} from '@app/aggregates';
import { type Change, lsnOf } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf } from '../../../test/contracts/state-content.js';
import { insert, remove, update } from '../../../test/support/fake-postgres.js';
import { SETTINGS, spend } from '../../../test/support/given-pipeline.js';
import { callsIn, countedInSlices } from '../../../test/support/most-in-a-slice.js';
import { Batch } from './batch.js';
import type { TransactionPiece } from './piece.js';

const NOW = Date.UTC(2026, 10, 15, 12);
const TIMES = { startTime: new Date(NOW - 1_000).toISOString(), endTime: new Date(NOW).toISOString() };
/** More changes than a transaction may have that is laid over its batch at once. */
const MANY = 5_000;

/** A transaction, and whether it is taken for a large one: what it is told to have changed decides that. */
interface Idea {
  readonly changes: readonly Change[];
  readonly large: boolean;
}

/** A state, and a batch over it that takes transactions as the stream brings them. */
class Given {
  readonly state = new AggregateState(SETTINGS);
  readonly batch = new Batch(this.state.entities);
  readonly #preparation = new StepPreparation(this.state);
  readonly #fold = new SpendFold(SETTINGS);
  #commits = 0n;

  constructor() {
    this.#fold.moveClock(NOW);
  }

  commit(idea: Idea): void {
    this.batch.add(this.piece(idea));
  }

  piece({ changes, large }: Idea): TransactionPiece {
    this.#commits += 100n;
    const commitLsn = lsnOf(this.#commits);
    const context = { fold: this.#fold, schema: 'public', entities: this.batch.entities };
    const fold = new TransactionFold(context, { kind: 'begin', commitLsn, commitTime: NOW });
    for (const change of changes) fold.add(change as never);
    const { commitTime, endLsn } = { commitTime: NOW, endLsn: lsnOf(this.#commits + 48n) };
    return { kind: 'transaction', folded: fold.finish(), commitLsn, endLsn, commitTime, changes: large ? MANY : 1 };
  }

  *step(): Work<StateRecord> {
    return yield* this.#preparation.preparing({ ...(yield* this.batch.whole()), clock: NOW });
  }
}

const token = fc.constantFrom('a', 'b', 'c');
const teamId = fc.constantFrom('t', 'u');
const alias = fc.constantFrom('', 'one', 'two');
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ token, key_name: alias, key_alias: alias }).map((row) => insert('key', { ...row, spend: 0 })),
  fc.record({ token, key_alias: alias }).map((row) => update('key', row)),
  fc.record({ token, old: token }).map(({ token: to, old }) => update('key', { token: to }, { token: old })),
  token.map((one) => remove('key', { token: one })),
  fc.record({ team_id: teamId, team_alias: alias }).map((row) => insert('team', { ...row, spend: 0 })),
  teamId.map((one) => remove('team', { team_id: one })),
  fc.constant<Change>({
    kind: 'truncate',
    relations: [{ schema: 'public', table: 'LiteLLM_VerificationToken' }],
  } as never),
  fc
    .record({ api_key: token, team_id: teamId, spend: fc.integer({ min: 0, max: 8 }) })
    .map((row) => spend({ ...row, ...TIMES })),
);
const idea = fc.record({ changes: fc.array(change, { maxLength: 6 }), large: fc.boolean() });

function shown(entities: EntityLookup): unknown {
  const tokens = ['a', 'b', 'c'].map((one) => [entities.get('key', one), entities.keyOfToken(one)]);
  return [...tokens, entities.get('team', 't'), entities.get('team', 'u')];
}

describe('a batch', () => {
  it('W6: large transactions, put aside, come to the same as if each were laid over the rest at once', () => {
    fc.assert(
      fc.property(fc.array(fc.array(idea, { maxLength: 5 }), { minLength: 1, maxLength: 3 }), (steps) => {
        const aside = new Given();
        const atOnce = new Given();
        for (const ideas of steps) {
          for (const one of ideas) {
            aside.commit(one);
            atOnce.commit({ ...one, large: false });
            expect(shown(aside.batch.entities)).toEqual(shown(atOnce.batch.entities));
            expect(aside.batch.rows).toBe(atOnce.batch.rows);
          }
          const next = new Batch(aside.batch.entities);
          const record: StateRecord = inOneTurn(aside.step());
          expect(shown(next.entities)).toEqual(shown(aside.batch.entities));
          aside.state.apply(record);
          atOnce.state.apply(inOneTurn(atOnce.step()));
          next.rebase(aside.state.entities);
          expect(shown(next.entities)).toEqual(shown(atOnce.state.entities));
          // The text of the transaction counted last names how many changes it had, and that is what the two differ by.
          for (const { state } of [aside, atOnce]) delete state.figures.last_commit;
          expect(contentOf(aside.state)).toEqual(contentOf(atOnce.state));
          aside.batch.reset(aside.state.entities);
          atOnce.batch.reset(atOnce.state.entities);
        }
      }),
    );
  });

  it('W9: is made a step of in slices, however many keys, rows and series its transactions bring', () => {
    const things = 6_000;
    const keys = (name: string): Change[] =>
      Array.from({ length: things }, (_, at) => insert('key', { token: `${at}`, key_name: `${name}-${at}`, spend: 0 }));
    const rows = Array.from({ length: things }, (_, at) =>
      spend({ api_key: `${at}`, user: `u${at}`, team_id: `t${at}`, ...TIMES }),
    );
    const given = new Given();
    for (const changes of [keys('one'), rows, keys('two'), rows]) given.commit({ changes, large: true });
    const { value, calls, mostInASlice } = countedInSlices(given.step());
    expect(value.entities).toHaveLength(things);
    expect(value.pairs.spend_by_key).toHaveLength(things);
    expect(calls).toBeGreaterThan(100 * SLICE);
    expect(mostInASlice).toBeLessThan(25 * SLICE);
  });

  it('W9: takes a large transaction in without looking at what it brings', () => {
    const given = new Given();
    const callsFor = (things: number): number => {
      const piece = given.piece({
        changes: Array.from({ length: things }, (_, at) => insert('key', { token: `${at}`, spend: 0 })),
        large: true,
      });
      return callsIn(() => given.batch.add(piece));
    };
    expect(callsFor(20_000)).toBe(callsFor(10));
  });
});
