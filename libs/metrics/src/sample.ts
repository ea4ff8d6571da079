/** A run of lines of one family as bytes. Answers share it for as long as none of its lines changes. */
export interface Block {
  readonly bytes: Buffer;
  /** Where each line ends; as many as there are lines. */
  readonly ends: Uint32Array;
}

/** One series that is about to be written. */
export class Sample {
  /** Its line up to the value, once it has been written; '' before. */
  prefix = '';
  /** True where the prefix is ASCII alone, so that its bytes are its characters. */
  ascii = false;
  /** The block that has its line, with the value it has now; null where there is none. */
  block: Block | null = null;
  /** Which line of the block it is. */
  place = 0;

  constructor(
    readonly values: readonly string[],
    public value: number,
    /** True where a block should begin with it; see `blocks.ts`. */
    readonly opens = false,
  ) {}
}
