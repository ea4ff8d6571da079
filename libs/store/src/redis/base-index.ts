import type { WindowName } from '@app/aggregates';
import { memberContent } from './base-layout.js';

/** Where each window begins: buckets that start before its edge have left. */
export type WindowEdges = Readonly<Record<WindowName, number>>;

/** The members of a generation's base, with its buckets in order of windows, so that expired ones are found at once. */
export class BaseIndex {
  readonly #members = new Set<string>();
  readonly #buckets = new Map<WindowName, Map<number, Set<string>>>();

  constructor(members: Iterable<string> = []) {
    for (const member of members) this.add(member);
  }

  /** All members. */
  members(): Iterable<string> {
    return this.#members;
  }

  has(member: string): boolean {
    return this.#members.has(member);
  }

  add(member: string): void {
    if (this.#members.has(member)) return;
    this.#members.add(member);
    const content = memberContent(member);
    if (content.content !== 'pairs') return;
    let buckets = this.#buckets.get(content.window);
    if (buckets === undefined) {
      buckets = new Map();
      this.#buckets.set(content.window, buckets);
    }
    const members = buckets.get(content.bucket);
    if (members === undefined) buckets.set(content.bucket, new Set([member]));
    else members.add(member);
  }

  delete(member: string): void {
    if (!this.#members.delete(member)) return;
    const content = memberContent(member);
    if (content.content !== 'pairs') return;
    const members = this.#buckets.get(content.window)?.get(content.bucket);
    members?.delete(member);
    if (members?.size === 0) this.#buckets.get(content.window)?.delete(content.bucket);
  }

  /** Members of buckets that lie before their window's edge. */
  *expired(edges: WindowEdges): Iterable<string> {
    for (const [window, buckets] of this.#buckets) {
      for (const [bucket, members] of buckets) if (bucket < edges[window]) yield* members;
    }
  }
}
