/**
 * The version of everything stored: keys, log entries, base, and what readers look at in meta. A newer one is refused; an older
 * one is seeded anew beside, and stands until the new generation is whole. Which fields of meta are about writers (`system`,
 * `rank`, `owner`, `draft`, `pen`) and that `format` and `generation` mean what they mean stays the same in all versions.
 */
export const FORMAT = 2;

/**
 * Names of all keys of one deployment. The prefix is their hash tag, so that a cluster keeps them in one slot and
 * scripts may touch several of them.
 */
export class StoreKeys {
  readonly #root: string;
  /** Hash: what is current. */
  readonly meta: string;
  /** Set: generations that exist, the current one, one being written, and those still to be deleted. */
  readonly generations: string;
  /** String: written only to be synced, see durability. */
  readonly beat: string;

  constructor(prefix: string) {
    this.#root = `{${prefix}}`;
    this.meta = `${this.#root}:meta`;
    this.generations = `${this.#root}:generations`;
    this.beat = `${this.#root}:beat`;
  }

  /** Stream: the steps of a generation, by version. */
  log(generation: string): string {
    return `${this.#root}:${generation}:log`;
  }

  /** Set: names of the keys that make up a generation's base, so that nobody has to search for them. */
  index(generation: string): string {
    return `${this.#root}:${generation}:index`;
  }

  /** A key of a generation's base. */
  base(generation: string, member: string): string {
    return `${this.#root}:${generation}:${member}`;
  }

  /** String: one part of a record that is too large for a log entry. */
  part(stage: string, number: number): string {
    return `${this.#root}:stage:${stage}:${number}`;
  }
}

/** Id of the log entry of a version, so that a range of versions is a range of entries. */
export function entryId(version: number): string {
  return `${version}-1`;
}
