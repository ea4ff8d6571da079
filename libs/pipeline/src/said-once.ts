/** Says each line once for as long as the process lives: what has been said of a server need not be said at every look. */
export class SaidOnce {
  readonly #say: (line: string) => void;
  readonly #said = new Set<string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  say(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#said.has(line)) continue;
      this.#said.add(line);
      this.#say(line);
    }
  }
}
