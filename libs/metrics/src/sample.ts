/** One series that is about to be written. */
export class Sample {
  /** The whole line, once it has been written; '' before. */
  line = '';
  /** Length of the line's part before the value. */
  prefix = 0;

  constructor(
    readonly values: readonly string[],
    public value: number,
  ) {}
}
