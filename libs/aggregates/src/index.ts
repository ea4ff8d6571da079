export * from './record.js';
export * from './settings.js';
export * from './state-store.js';
export * from './view.js';
export * from './windows.js';
