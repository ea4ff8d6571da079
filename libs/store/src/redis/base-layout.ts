import { SERIES_KINDS, type SeriesKind, type WindowName } from '@app/aggregates';

/** Definitions per hash: below the 512 entries up to which Redis packs a hash tightly, as each write searches it. */
const DEFINITIONS = 256;

/**
 * Ids per hash of a bucket. Ids are given out across kinds: those of spend are most of them, so 512 fill a hash as far
 * as Redis packs it tightly. The other windows know few series, or few at a time, and would otherwise have many hashes
 * of two or three; a hash that does grow beyond 512 only takes more memory.
 */
const PAIRS: Readonly<Record<WindowName, number>> = { S: 512, K: 512, R: 4_096, E: 4_096, M: 4_096 };

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
  return [`d:${Math.floor(id / DEFINITIONS)}`, String(id % DEFINITIONS)];
}

/**
 * Where a pair is kept. By window instead of by kind: ids are given out across kinds, so that one hash takes the pairs
 * of neighbouring series whatever they sum, and a bucket of a window is a handful of keys.
 */
export function pairPlace(kind: SeriesKind, id: number, bucket: number): readonly [member: string, field: string] {
  const { window } = SERIES_KINDS[kind];
  const ids = PAIRS[window];
  return [`p:${window}:${bucket}:${Math.floor(id / ids)}`, String(id % ids)];
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
      return { content: 'definitions', firstId: Number(first) * DEFINITIONS };
    case 'p': {
      const window = first as WindowName;
      return { content: 'pairs', window, bucket: Number(second), firstId: Number(third) * PAIRS[window] };
    }
    case 'e':
      return { content: 'entities', table: first };
  }
  if (!Object.hasOwn(MEMBERS, kind)) throw new RangeError(`the stored base has an unknown part ${member}`);
  return { content: kind as keyof typeof MEMBERS };
}
