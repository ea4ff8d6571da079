export { MemoryStateStore } from './memory/memory-state-store.js';
