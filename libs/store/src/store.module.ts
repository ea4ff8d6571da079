import { StateStore } from '@app/aggregates';
import { type DynamicModule, Module } from '@nestjs/common';
import { MemoryStateStore } from './memory/memory-state-store.js';
import { RedisStateStore } from './redis/redis-state-store.js';
import type { RedisStoreOptions } from './redis/redis-store-options.js';

/** Which store is wanted: Redis with these options, or the memory of this process. */
export interface StoreModuleOptions {
  readonly redis: RedisStoreOptions | null;
}

/** Provides {@link StateStore}. Opening and closing it is for whoever knows when, the application. */
@Module({})
export class StoreModule {
  static forRoot({ redis }: StoreModuleOptions): DynamicModule {
    return {
      module: StoreModule,
      providers: [
        {
          provide: StateStore,
          useFactory: (): StateStore => (redis === null ? new MemoryStateStore() : new RedisStateStore(redis)),
        },
      ],
      exports: [StateStore],
    };
  }
}
