import { type ChangeDecoder, PgoutputDecoder, Wal2JsonDecoder, wantedRelations } from '@app/decode';
import { INSERTED_SPEND_LOGS, relationOf } from '@app/litellm';
import { PgoutputPlugin, Wal2JsonPlugin } from 'pg-logical-replication';
import type { Plugin } from './backlog.js';

/** What the library makes of one message; its own classes have more. */
export interface LibraryReader {
  parse(message: Buffer): unknown;
}

/** The exporter's decoder of a plugin, as it is used on the tables of LiteLLM. */
export function ourDecoder(plugin: Plugin): ChangeDecoder {
  if (plugin === 'pgoutput') return new PgoutputDecoder();
  const table = relationOf('spend_logs');
  const columns = { [table]: INSERTED_SPEND_LOGS };
  return new Wal2JsonDecoder(wantedRelations({ schema: 'public', tables: [table], columns }));
}

/** The library's own reader of a plugin's messages, which those who write such a consumer begin with. */
export function libraryReader(plugin: Plugin): LibraryReader {
  if (plugin === 'pgoutput') return new PgoutputPlugin({ protoVersion: 1, publicationNames: [] });
  return new Wal2JsonPlugin({});
}
