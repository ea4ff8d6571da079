import type { MetadataFacts, SpendLogKey } from '@app/litellm';

/** Points at which a fake can be made to fail; what the hook throws is what happens. */
export type FakePoint =
  | 'connect'
  | 'look'
  | 'figures'
  | 'seed'
  | 'slice'
  | 'stream'
  | 'receive'
  | 'confirm'
  | 'confirmed';

/** How a fake connection behaves. */
export interface FakeUpstreamOptions {
  /** The slot goes with its connection. */
  readonly temporarySlot?: boolean;
  /** Called at each point, before what it names is done. */
  readonly reach?: (point: FakePoint) => void;
  /** What metadata says of rows that the stream carries without. */
  readonly metadata?: (rows: readonly SpendLogKey[]) => Promise<ReadonlyMap<string, MetadataFacts>>;
  /** Rows of a seed in one slice. */
  readonly slice?: number;
}
