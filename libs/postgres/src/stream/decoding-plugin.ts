import type { Change } from '@app/change';
import { type ChangeDecoder, PgoutputDecoder, Wal2JsonDecoder, wantedRelations } from '@app/decode';
import type { Client } from 'pg';
import type { LibraryPlugin } from './hosted-replication.js';
import { type StreamSource, startOptions, startStatement } from './start-options.js';

/** The decoder for what a source sends. */
export function decoderFor(source: StreamSource): ChangeDecoder {
  return source.plugin === 'wal2json' ? new Wal2JsonDecoder(wantedRelations(source.wanted)) : new PgoutputDecoder();
}

/**
 * The library's idea of a plugin: it starts the stream and reads its messages. The library calls `parse` in the socket's
 * callback, where an error would end the process; decoders never throw, so neither does this.
 */
export class DecodingPlugin implements LibraryPlugin {
  readonly options: StreamSource;
  readonly #decoder: ChangeDecoder;

  constructor(source: StreamSource) {
    this.options = source;
    this.#decoder = decoderFor(source);
  }

  get name(): string {
    return this.options.plugin;
  }

  start(client: Client, slotName: string, lastLsn: string): Promise<unknown> {
    return client.query(startStatement(slotName, lastLsn, startOptions(this.options)));
  }

  parse(message: Buffer): Change | null {
    return this.#decoder.decode(message);
  }
}
