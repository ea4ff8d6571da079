import {
  type RejectionReason,
  readSeedTraits,
  SeedMeasures,
  type SeedTraits,
  type SpendMeasures,
  type SpendTraits,
} from '@app/litellm';
import { CopyTextReader, readCopyFields } from './copy-text.js';

/** Bytes of lines that are remembered at a time; with what was read of them they take three times as much. */
const REMEMBERED = 4_000_000;

/** What was rejected, by reason. */
export type Rejections = Map<RejectionReason, number>;

/** Takes one row; the measures are to be read during the call. */
export type TakeRow = (traits: SpendTraits, measures: SpendMeasures) => void;

/** Traits that rows have had, by the bytes of their columns: most of a row is not read but found here. */
export class KnownTraits {
  private readonly byBytes = new Map<string, SeedTraits>();
  private remembered = 0;

  of(bytes: string): SeedTraits {
    const known = this.byBytes.get(bytes);
    if (known !== undefined) return known;
    const read = readSeedTraits(readCopyFields(bytes));
    // Where nothing repeats, remembering is in vain and must not take memory by rows (W9).
    this.remembered += bytes.length;
    if (this.remembered > REMEMBERED) {
      this.byBytes.clear();
      this.remembered = bytes.length;
    }
    this.byBytes.set(Buffer.from(bytes, 'latin1').toString('latin1'), read);
    return read;
  }
}

/** Reads the lines of one slice of a seed. */
export class SeedLines {
  /** Rows that were handed on, of those that were read. */
  rows = 0;
  read = 0;
  /** `startTime` of the row that was read last, in microseconds; null before the first. */
  last: number | null = null;
  readonly rejections: Rejections = new Map();
  private readonly text = new CopyTextReader();
  private readonly measures = new SeedMeasures();

  constructor(
    private readonly known: KnownTraits,
    private readonly take: TakeRow,
  ) {}

  /** Takes in bytes as they come, and hands on the rows that are whole with them. */
  push(chunk: Buffer): void {
    const { measures } = this;
    const text = this.text.push(chunk);
    for (let from = 0; from < text.length; ) {
      const at = measures.read(text, from);
      const end = text.indexOf('\n', at);
      from = end + 1;
      this.read += 1;
      this.reject(measures.rejections);
      if (!measures.placed) continue;
      const { traits, rejections } = this.known.of(text.slice(at, end));
      this.reject(rejections);
      this.rows += 1;
      this.take(traits, measures);
    }
    if (text !== '') this.last = measures.startMicros;
  }

  private reject(reasons: readonly RejectionReason[]): void {
    for (const reason of reasons) this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + 1);
  }
}
