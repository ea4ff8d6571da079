import { type Checkpoint, lsnFromHex, lsnToHex } from '@app/change';

/** A checkpoint as JSON, for people who look into Redis too; positions as 16 hexadecimal digits. */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  return JSON.stringify({ ...checkpoint, next: lsnToHex(checkpoint.next) });
}

/** Reads what {@link encodeCheckpoint} wrote. @throws SyntaxError for anything else. */
export function decodeCheckpoint(text: string): Checkpoint {
  const stored = JSON.parse(text) as Omit<Checkpoint, 'next'> & { readonly next: string };
  return { ...stored, next: lsnFromHex(stored.next) };
}
