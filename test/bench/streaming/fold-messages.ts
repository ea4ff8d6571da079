import {
  type AggregateSettings,
  AggregateState,
  Delta,
  EntityLayer,
  SpendFold,
  StepPreparation,
  TransactionFold,
} from '@app/aggregates';
import type { ChangeDecoder } from '@app/decode';

const DAY = 86_400_000;
const SETTINGS: AggregateSettings = {
  windows: { spend: 30 * DAY, request: DAY, error: DAY / 24 },
  durationBuckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
  ttftBuckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  tagExclude: /^User-Agent: /,
  rowMaxAge: DAY,
  maxSeries: 100_000,
};

/** Transactions that go into one step, as under full load. */
const STEP = 50;

/** The exporter's way from messages to a state, less socket and store: decode, fold, merge, prepare, apply. */
export class MessageFolding {
  readonly state = new AggregateState(SETTINGS);
  private readonly fold = new SpendFold(SETTINGS);
  private readonly preparation = new StepPreparation(this.state);
  private transaction: TransactionFold | null = null;
  private gathered = new Delta();
  private gatheredTransactions = 0;

  constructor(private readonly decoder: ChangeDecoder) {
    this.fold.moveClock(Date.now());
  }

  /** Rows folded so far. */
  rows = 0;

  /** Takes one message in. @throws Error for one that can't be read: a bench has none. */
  take(message: Buffer): void {
    const change = this.decoder.decode(message);
    switch (change?.kind) {
      case 'begin':
        this.transaction = new TransactionFold(
          { fold: this.fold, schema: 'public', entities: this.state.entities },
          change,
        );
        return;
      case 'insert':
        this.transaction?.add(change);
        this.rows += 1;
        return;
      case 'commit':
        this.commit();
        return;
      case 'rejected':
        throw new Error(change.detail);
    }
  }

  private commit(): void {
    const transaction = this.transaction;
    if (transaction === null) throw new Error('a commit without a begin');
    // What pgoutput leaves out of failure rows costs a query, and is none of this bench's business.
    transaction.complete(transaction.takePending(), new Map());
    transaction.finish().addTo(this.gathered);
    this.gatheredTransactions += 1;
    if (this.gatheredTransactions < STEP) return;
    const entities = new EntityLayer(this.state.entities);
    this.state.apply(this.preparation.prepare({ delta: this.gathered, entities, clock: Date.now() }));
    this.gathered = new Delta();
    this.gatheredTransactions = 0;
  }
}
