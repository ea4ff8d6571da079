export { openChangeStream, type StreamRequest } from './logical-change-stream.js';
export type { PgoutputSource, StreamSource, Wal2JsonSource } from './start-options.js';
