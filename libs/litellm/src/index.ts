export * from './entity.js';
export * from './fact.js';
export * from './upstream.js';
