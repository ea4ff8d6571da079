import { ownText } from './own-text.js';

/** Separates the parts of a key inside one text; PostgreSQL's text can't contain it. */
const SEPARATOR = '\u0000';

/** The parts of a series' key, or label values, and one text for them. */
export interface Key {
  readonly parts: readonly string[];
  readonly text: string;
}

/** One text for the parts of a key or of label values. */
export function keyText(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : parts.join(SEPARATOR);
}

/** A key of these parts. */
export function keyOf(parts: readonly string[]): Key {
  return { parts, text: keyText(parts) };
}

/** What is remembered under the first parts of keys. */
interface Branch {
  key: Key | null;
  next: Map<string, Branch> | null;
}

/** Keys that are remembered: those of a busy minute, in a few megabytes. */
const MOST_KEYS = 20_000;

/**
 * Keys by their parts, each made once for as long as it is remembered. The rows of a stream name the same few thousand series again and
 * again, a dozen a row: joining the parts and hashing the text anew each time costs more than all of the adding. Remembered texts are
 * copies of their own ({@link ownText}), so nothing of a message outlives its row here.
 */
export class KeyMemory {
  #first = new Map<string, Branch>();
  #size = 0;

  one(part: string): Key {
    const branch = this.#branch(this.#first, part);
    branch.key ??= this.#made([part]);
    return branch.key;
  }

  two(first: string, second: string): Key {
    const branch = this.#under(this.#branch(this.#first, first), second);
    branch.key ??= this.#made([first, second]);
    return branch.key;
  }

  three(first: string, second: string, third: string): Key {
    const branch = this.#under(this.#under(this.#branch(this.#first, first), second), third);
    branch.key ??= this.#made([first, second, third]);
    return branch.key;
  }

  four(parts: readonly [string, string, string, string]): Key {
    const half = this.#under(this.#branch(this.#first, parts[0]), parts[1]);
    const branch = this.#under(this.#under(half, parts[2]), parts[3]);
    branch.key ??= this.#made(parts);
    return branch.key;
  }

  #under(branch: Branch, part: string): Branch {
    branch.next ??= new Map();
    return this.#branch(branch.next, part);
  }

  #branch(among: Map<string, Branch>, part: string): Branch {
    let branch = among.get(part);
    if (branch === undefined) {
      branch = { key: null, next: null };
      among.set(ownText(part), branch);
    }
    return branch;
  }

  #made(parts: readonly string[]): Key {
    this.#size += 1;
    if (this.#size > MOST_KEYS) {
      this.#first = new Map();
      this.#size = 0;
    }
    return keyOf(parts.map(ownText));
  }
}
