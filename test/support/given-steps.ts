import {
  type AggregateSettings,
  AggregateState,
  Delta,
  EntityLayer,
  SpendFold,
  type StateRecord,
  StepPreparation,
  TransactionFold,
} from '@app/aggregates';
import { type Change, lsnOf } from '@app/change';
import { SETTINGS } from './given-pipeline.js';

/** A state and its one writer, without a store in between. */
export class GivenSteps {
  readonly state: AggregateState;
  readonly preparation: StepPreparation;
  readonly fold: SpendFold;

  constructor(
    settings: Partial<AggregateSettings> = {},
    public now = Date.now(),
  ) {
    this.state = new AggregateState({ ...SETTINGS, ...settings });
    this.preparation = new StepPreparation(this.state);
    this.fold = new SpendFold(this.state.settings);
    this.fold.moveClock(now);
  }

  /** Folds each list of changes as one transaction, stores all of them in one step, and returns its record. */
  step(...transactions: (readonly Change[])[]): StateRecord {
    const delta = new Delta();
    const entities = new EntityLayer(this.state.entities);
    for (const changes of transactions) {
      const context = { fold: this.fold, schema: 'public', entities };
      const fold = new TransactionFold(context, { kind: 'begin', commitLsn: lsnOf(1n), commitTime: this.now });
      for (const change of changes) fold.add(change as Parameters<TransactionFold['add']>[0]);
      const folded = fold.finish();
      folded.addTo(delta);
      folded.entities.mergeInto(entities);
    }
    return this.apply(delta, entities);
  }

  /** Lets time pass, and stores the tick. */
  tick(milliseconds = 0): StateRecord {
    this.now += milliseconds;
    this.fold.moveClock(this.now);
    return this.apply(new Delta(), new EntityLayer(this.state.entities));
  }

  apply(delta: Delta, entities: EntityLayer): StateRecord {
    const record = this.preparation.prepare({ delta, entities, clock: this.now });
    this.state.apply(record);
    return record;
  }
}
