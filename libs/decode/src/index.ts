export * from './change-decoder.js';
export * from './pgoutput-decoder.js';
export * from './relation-names.js';
export * from './wal2json-decoder.js';
