import type { Change } from '@app/change';

/**
 * Reads what one output plugin sends, message by message. Both decoders give equal changes for the same transaction
 * (test/contracts/decoder.contract.ts), so nothing behind this room knows which plugin is in use.
 *
 * A decoder belongs to one connection: pgoutput describes each table once per connection.
 */
export abstract class ChangeDecoder {
  /**
   * One message (the payload of one XLogData) as a change; null where it says nothing about rows, like pgoutput's
   * description of a table, or speaks of a table that was not asked for.
   *
   * Never throws: what can't be read is a `rejected` change (W10), and the next message is read as if nothing had been.
   */
  abstract decode(message: Buffer): Change | null;
}
