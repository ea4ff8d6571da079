export * from './change.js';
export * from './checkpoint.js';
export * from './failure.js';
export * from './lsn.js';
export * from './stream.js';
