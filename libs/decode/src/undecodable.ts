import type { RejectedChange } from '@app/change';

/** Says why a message can't be read, in words that are safe to log: never the content of a row. */
export class Undecodable extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'Undecodable';
  }
}

/**
 * The rejection of a message. Only {@link Undecodable} speaks for itself: other errors may quote what they stumbled
 * over (V8's JSON errors do), so nothing but their name is kept.
 */
export function rejection(plugin: string, message: Buffer, error: unknown): RejectedChange {
  const why = error instanceof Undecodable ? error.message : error instanceof Error ? error.name : 'unknown error';
  return {
    kind: 'rejected',
    reason: 'undecodable_message',
    detail: `${plugin} message of ${message.length} bytes: ${why}`,
  };
}
