export * from './entity.js';
export { entityKeyOfRow, isKept, readEntity } from './entity-row.js';
export * from './fact.js';
export * from './identifiers.js';
export * from './seed-row.js';
export { readMetadata, readSpendFact, type SpendReading, withMetadata } from './spend-row.js';
export * from './tables.js';
export { readTimestamp } from './timestamp.js';
export * from './upstream.js';
