import {
  type Entity,
  factOf,
  type RejectionReason,
  type SeedProgress,
  type SeedSink,
  type SpendFact,
  type SpendMeasures,
  type SpendTraits,
} from '@app/litellm';

/** A receiver that keeps what a seed hands over, as the port asks for: a lost slice leaves nothing. */
export class SeedRecorder implements SeedSink {
  readonly entityRows: Entity[] = [];
  readonly spendFacts: SpendFact[] = [];
  readonly progress: SeedProgress[] = [];
  readonly rejections = new Map<RejectionReason, number>();
  lost = 0;
  /** Called before a row is kept. */
  onEntities: (rows: readonly Entity[]) => void = () => {};
  onRow: () => void = () => {};
  private open: SpendFact[] = [];

  entities(rows: readonly Entity[]): void {
    this.onEntities(rows);
    this.entityRows.push(...rows);
  }

  row(traits: SpendTraits, measures: SpendMeasures): void {
    this.onRow();
    this.open.push(factOf(traits, measures));
  }

  rejected(reason: RejectionReason, rows: number): void {
    this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + rows);
  }

  sliceDone(progress: SeedProgress): void {
    for (const fact of this.open) this.spendFacts.push(fact);
    this.open = [];
    this.progress.push(progress);
  }

  sliceLost(): void {
    this.open = [];
    this.lost += 1;
  }

  get spend(): number {
    return this.spendFacts.reduce((sum, fact) => sum + fact.spend, 0);
  }
}
