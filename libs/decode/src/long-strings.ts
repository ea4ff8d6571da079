/**
 * Bytes of a value above which it counts as not sent: prompts and answers, which nobody reads, may have hundreds of megabytes.
 * Metadata that is longer is looked up by key, like any that was not sent; no team has so many members.
 */
export const LONGEST_STRING = 16 * 1_048_576;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What stands in the place of a string that was cut out: wal2json itself never writes an array for a value. */
const CUT = Buffer.from('[]');

/**
 * JSON text without its strings of more than `longest` bytes, each of which becomes `[]`. A row with prompts of hundreds of
 * megabytes would otherwise be in memory four times over, and one that is too long for a string could not be read at all.
 * Text that is no JSON comes out as something else that is none.
 */
export function withoutLongStrings(text: Buffer, longest: number): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (let at = text.indexOf(QUOTE); at !== -1; ) {
    const end = endOfString(text, at);
    if (end - at - 1 > longest) {
      pieces.push(text.subarray(kept, at), CUT);
      kept = end + 1;
    }
    at = text.indexOf(QUOTE, end + 1);
  }
  return kept === 0 ? text : Buffer.concat([...pieces, text.subarray(kept)]);
}

/** Where the closing quote of the string stands that opens at `start`; the end of the text where there is none. */
function endOfString(text: Buffer, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at;
}
