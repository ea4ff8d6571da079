export { MemoryStateStore } from './memory/memory-state-store.js';
export { RedisStateStore } from './redis/redis-state-store.js';
export type { RedisLogin, RedisStoreOptions, RedisTuning, SentinelOptions } from './redis/redis-store-options.js';
export { StoreModule, type StoreModuleOptions } from './store.module.js';
export type { StoreLog } from './store-log.js';
