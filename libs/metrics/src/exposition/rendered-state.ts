import { type DeflatedBody, deflateOpen } from './deflate-open.js';
import type { Dialect } from './dialect.js';

/** Chunks of text, which stay as they are until they are given back. */
export interface WrittenText {
  readonly chunks: readonly Buffer[];
  giveBack(): void;
}

/** One state as text, ready to be sent any number of times. Without what ends an answer: more families may follow. */
export class RenderedState {
  /** Bytes of the plain text. */
  readonly length: number;
  #deflated: Promise<DeflatedBody> | undefined;

  constructor(
    readonly version: number,
    readonly dialect: Dialect,
    private readonly text: WrittenText,
    /** How long rendering took, in seconds. */
    readonly seconds: number,
  ) {
    this.length = text.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get chunks(): readonly Buffer[] {
    return this.text.chunks;
  }

  /** Gives the memory of the text to later ones; for the end, when nobody sends or deflates it any more. */
  discard(): void {
    this.text.giveBack();
  }

  /** The text deflated, in the thread pool and once for all that ask. */
  deflated(): Promise<DeflatedBody> {
    this.#deflated ??= deflateOpen(this.chunks);
    return this.#deflated;
  }
}
