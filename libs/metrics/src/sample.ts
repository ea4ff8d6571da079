/** One series that is about to be written. */
export class Sample {
  /** Its line up to the value, once it has been written; '' before. */
  prefix = '';
  /** True once it has been written with this value. */
  written = false;
  /** Its whole line, once it has been written twice with the same value; '' before. */
  line = '';

  constructor(
    readonly values: readonly string[],
    public value: number,
  ) {}
}
