import { type AggregateSettings, StateStore } from '@app/aggregates';
import { Upstream } from '@app/litellm';
import { type DynamicModule, Module } from '@nestjs/common';
import { PipelineObserver } from './observer.js';
import { Supervisor } from './supervisor.js';

/** What the composition root hands in. */
export interface PipelineModuleOptions {
  readonly settings: AggregateSettings;
  /** Milliseconds between refreshes of the slot's figures. */
  readonly updateInterval: number;
  /** REPLICATION_MAX_RETAINED_BYTES; 0 = off. */
  readonly maxRetainedBytes: number;
}

/** Provides {@link Supervisor}; Upstream, StateStore and PipelineObserver come from global modules. */
@Module({})
export class PipelineModule {
  static forRoot(options: PipelineModuleOptions): DynamicModule {
    return {
      module: PipelineModule,
      providers: [
        {
          provide: Supervisor,
          inject: [Upstream, StateStore, PipelineObserver],
          useFactory: (upstream: Upstream, store: StateStore, observer: PipelineObserver) =>
            new Supervisor({ ...options, upstream, store, observer }),
        },
      ],
      exports: [Supervisor],
    };
  }
}
