/**
 * An answer that no server gives to what it was asked: a proxy that speaks for it, another protocol, or a stream of
 * answers that is out of step. Nothing on the same connection can be believed.
 */
export class StrangeReply extends Error {
  override readonly name = 'StrangeReply';

  constructor(asked: string) {
    super(`it gave an answer to ${asked} that makes no sense`);
  }
}

/** Checks that an answer is a list, of that many things where a number is given. @throws StrangeReply */
export function listOf<T>(answer: readonly T[] | null | undefined, asked: string, length?: number): readonly T[] {
  const fits = Array.isArray(answer) && (length === undefined || answer.length === length);
  if (!fits) throw new StrangeReply(asked);
  return answer;
}

/** Checks that an answer is a list of names and values by turns. @throws StrangeReply */
export function pairsOf(answer: unknown, asked: string): readonly Buffer[] {
  const list = listOf(answer as readonly unknown[], asked);
  if (list.length % 2 !== 0 || !list.every(Buffer.isBuffer)) throw new StrangeReply(asked);
  return list as readonly Buffer[];
}
