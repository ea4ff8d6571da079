import { SERIES_KINDS, type SeriesKind, type WindowName } from '@app/aggregates';

/** Series per hash: well below the 512 entries up to which Redis packs a hash tightly, as each write searches it. */
const SHARD = 256;

/** Names of the hashes of a base. */
export const MEMBERS = {
  counters: 'counters',
  histograms: 'histograms',
  tokens: 'tokens',
  /** Figures, presence of tables, folded series, the largest id: one field each. */
  single: 'single',
} as const;

/** Where the name of a series is kept. */
export function definitionPlace(id: number): readonly [member: string, field: string] {
  return [`d:${Math.floor(id / SHARD)}`, String(id % SHARD)];
}

/**
 * Where a pair is kept. By window instead of by kind: ids are given out across kinds, so that one hash takes the pairs
 * of neighbouring series whatever they sum, and a bucket of a window is a handful of keys.
 */
export function pairPlace(kind: SeriesKind, id: number, bucket: number): readonly [member: string, field: string] {
  return [`p:${SERIES_KINDS[kind].window}:${bucket}:${Math.floor(id / SHARD)}`, String(id % SHARD)];
}

/** Where the entities of a table are kept. */
export function entityMember(table: string): string {
  return `e:${table}`;
}

/** What a member of a base holds, told by its name. */
export type MemberContent =
  | { readonly content: 'definitions'; readonly firstId: number }
  | { readonly content: 'pairs'; readonly window: WindowName; readonly bucket: number; readonly firstId: number }
  | { readonly content: 'entities'; readonly table: string }
  | { readonly content: keyof typeof MEMBERS };

/** Reads a member's name. @throws RangeError for one that this version doesn't know. */
export function memberContent(member: string): MemberContent {
  const [kind = '', first = '', second = '', third = ''] = member.split(':');
  switch (kind) {
    case 'd':
      return { content: 'definitions', firstId: Number(first) * SHARD };
    case 'p':
      return { content: 'pairs', window: first as WindowName, bucket: Number(second), firstId: Number(third) * SHARD };
    case 'e':
      return { content: 'entities', table: first };
  }
  if (!Object.hasOwn(MEMBERS, kind)) throw new RangeError(`the stored base has an unknown part ${member}`);
  return { content: kind as keyof typeof MEMBERS };
}
