/** Code and length of a message of PostgreSQL's protocol. */
const HEADER = 5;
const COPY_DATA = 0x64; // 'd'
const XLOG_DATA = 0x77; // 'w'
/** `w`, where the data begins and where the log ends, each 8 bytes, and the server's clock. */
const XLOG_HEADER = 25;

/**
 * Cuts what a socket brings into messages (PostgreSQL manual, "Message Formats"), and takes out those of the replication stream: the data of
 * each XLogData goes to `data`, and everything else, in whole messages and in its place, to `rest`.
 *
 * pg would make an object and two events of each of them, and pg-logical-replication a text of its position.
 */
export class CopyFraming {
  readonly #rest: (messages: Buffer) => void;
  /** Where the data goes; null leaves it among the rest. */
  data: ((data: Buffer) => void) | null = null;
  /** What has come of a message that is not whole yet. */
  #partial: Buffer | null = null;
  #filled = 0;

  constructor(rest: (messages: Buffer) => void) {
    this.#rest = rest;
  }

  /** Takes in what came next. What `data` or `rest` throw comes out of here. */
  take(chunk: Buffer): void {
    let at = this.#partial === null ? 0 : this.#complete(chunk, this.#partial);
    /** Messages before `at` from here on belong to the rest, and go there together. */
    let other = at;
    while (at + HEADER <= chunk.length) {
      const end = at + 1 + chunk.readUInt32BE(at + 1);
      if (end > chunk.length) break;
      if (this.data !== null && isXLogData(chunk, at)) {
        this.#hand(chunk, other, at);
        this.data(chunk.subarray(at + HEADER + XLOG_HEADER, end));
        other = end;
      }
      at = end;
    }
    this.#hand(chunk, other, at);
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  #hand(chunk: Buffer, from: number, to: number): void {
    if (from < to) this.#rest(chunk.subarray(from, to));
  }

  /** Makes room for all of a message, however long, where its length is known; so that none is copied twice. */
  #keep(begun: Buffer): void {
    const size = begun.length < HEADER ? HEADER : 1 + begun.readUInt32BE(1);
    this.#partial = Buffer.allocUnsafe(size);
    this.#filled = begun.copy(this.#partial);
  }

  /** Adds what was missing, and returns where the next message begins. */
  #complete(chunk: Buffer, partial: Buffer): number {
    const taken = chunk.copy(partial, this.#filled);
    this.#filled += taken;
    if (this.#filled < partial.length) return taken;
    this.#partial = null;
    const whole = partial.length > HEADER || partial.readUInt32BE(1) === HEADER - 1;
    if (whole) {
      this.take(partial);
      return taken;
    }
    // That was no more than its header.
    this.#keep(partial);
    return taken + this.#complete(chunk.subarray(taken), this.#partial ?? partial);
  }
}

function isXLogData(chunk: Buffer, at: number): boolean {
  return chunk[at] === COPY_DATA && chunk[at + HEADER] === XLOG_DATA;
}
