/** A run of lines of one family as bytes. Answers share it for as long as none of its lines changes. */
export interface Block {
  readonly bytes: Buffer;
  /** Where each line ends; as many as there are lines. */
  readonly ends: Uint32Array;
  /** Samples whose line stands here, and answers that have the block; see `block-memory.ts`. */
  uses: number;
}

/** One series that is about to be written. */
export class Sample {
  /** The block that has its line as it was written last; null where there is none. */
  block: Block | null = null;
  /** Which line of the block it is. */
  place = 0;
  /** Bytes of its line up to the value, once it stands in a block; they never change. */
  prefixLength = 0;
  /** True where the line in the block has the value of the sample. */
  written = false;

  constructor(
    readonly values: readonly string[],
    public value: number,
    /** True where a block should begin with it; see `blocks.ts`. */
    readonly opens = false,
  ) {}
}
