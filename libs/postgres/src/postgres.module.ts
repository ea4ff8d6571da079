import { Upstream } from '@app/litellm';
import { type DynamicModule, Module } from '@nestjs/common';
import type { PostgresOptions, Reporter } from './options.js';
import { PostgresUpstream } from './upstream.js';

/** Provides the port `Upstream`. */
@Module({})
export class PostgresModule {
  /** The options are read once, when the module is made; the composition root has them from the settings. */
  static register(options: PostgresOptions, reporter: Reporter): DynamicModule {
    return {
      module: PostgresModule,
      providers: [{ provide: Upstream, useFactory: () => new PostgresUpstream(options, reporter) }],
      exports: [Upstream],
    };
  }
}
