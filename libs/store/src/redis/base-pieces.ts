import type { BaseChanges, FieldValues } from './base-changes.js';
import type { BaseIndex } from './base-index.js';

/** One change of one key. `member` null is the index itself. */
export interface BaseOperation {
  readonly operation: 'set' | 'delete' | 'add' | 'remove' | 'unlink';
  readonly member: string | null;
  readonly values: readonly (string | Buffer)[];
}

/** Members that one script call may delete. */
const PIECE_KEYS = 128;
const PIECE_BYTES = 65_536;

/**
 * Cuts changes into pieces that are written by one small script each. A member enters the index in the piece that
 * first writes it, and leaves it in the piece that deletes it. The index in memory follows when all is written: see
 * {@link settleIndex}.
 */
export function* basePieces(
  changes: BaseChanges,
  index: BaseIndex,
  pieceFields: number,
): Iterable<readonly BaseOperation[]> {
  const removed = [...changes.cleared].filter((member) => index.has(member));
  for (let at = 0; at < removed.length; at += PIECE_KEYS) {
    const members = removed.slice(at, at + PIECE_KEYS);
    yield [
      ...members.map((member): BaseOperation => ({ operation: 'unlink', member, values: [] })),
      { operation: 'remove', member: null, values: members },
    ];
  }
  yield* setPieces(changes, index, 2 * pieceFields);
}

/** Brings the index in memory up to changes that have been written. */
export function settleIndex(changes: BaseChanges, index: BaseIndex): void {
  for (const member of changes.cleared) index.delete(member);
  for (const member of changes.fields.keys()) index.add(member);
}

function* setPieces(changes: BaseChanges, index: BaseIndex, pieceValues: number): Iterable<readonly BaseOperation[]> {
  const piece = new Piece(pieceValues);
  for (const [member, fields] of changes.fields) {
    let listed = index.has(member) && !changes.cleared.has(member);
    for (const [operation, values] of operationsOf(fields, pieceValues)) {
      if (piece.full) yield piece.take();
      // In one piece with the first fields: a bucket that is listed but missing counts as lost.
      if (!listed) piece.add({ operation: 'add', member: null, values: [member] });
      listed = true;
      piece.add({ operation, member, values });
    }
  }
  if (!piece.empty) yield piece.take();
}

/** The fields of one hash in lots that fit into a piece. */
function* operationsOf(
  fields: FieldValues,
  pieceValues: number,
): Iterable<readonly ['set' | 'delete', readonly (string | Buffer)[]]> {
  let set: (string | Buffer)[] = [];
  let bytes = 0;
  const deleted: string[] = [];
  for (const [field, value] of fields) {
    if (value === null) {
      deleted.push(field);
      continue;
    }
    set.push(field, value);
    bytes += value.length;
    if (set.length >= pieceValues || bytes >= PIECE_BYTES) {
      yield ['set', set];
      set = [];
      bytes = 0;
    }
  }
  if (set.length > 0) yield ['set', set];
  for (let at = 0; at < deleted.length; at += pieceValues) yield ['delete', deleted.slice(at, at + pieceValues)];
}

/** Operations that add up to one script call. */
class Piece {
  #operations: BaseOperation[] = [];
  #values = 0;
  #bytes = 0;

  constructor(private readonly limit: number) {}

  get empty(): boolean {
    return this.#operations.length === 0;
  }

  get full(): boolean {
    return this.#values >= this.limit || this.#bytes >= PIECE_BYTES || this.#operations.length >= PIECE_KEYS;
  }

  add(operation: BaseOperation): void {
    this.#operations.push(operation);
    this.#values += operation.values.length;
    for (const value of operation.values) this.#bytes += value.length;
  }

  take(): readonly BaseOperation[] {
    const operations = this.#operations;
    this.#operations = [];
    this.#values = 0;
    this.#bytes = 0;
    return operations;
  }
}
