import { type DynamicModule, Module } from '@nestjs/common';
import { createExposition, type MetricsSettings } from './create-exposition.js';
import { Exposition } from './exposition/exposition.js';
import { type BuildFacts, SelfMetrics } from './self-metrics.js';

/** What the composition root hands in. */
export interface MetricsOptions extends MetricsSettings {
  readonly build: BuildFacts;
}

/** Provides {@link SelfMetrics} and {@link Exposition}. */
@Module({})
export class MetricsModule {
  /** @throws ExporterFailure `setting-invalid`, while the module is built, for a wrong METRICS_DISABLED. */
  static forRoot({ build, ...settings }: MetricsOptions): DynamicModule {
    const selfMetrics = new SelfMetrics(build);
    const exposition = createExposition(settings, selfMetrics);
    return {
      module: MetricsModule,
      global: true,
      providers: [
        { provide: SelfMetrics, useValue: selfMetrics },
        { provide: Exposition, useValue: exposition },
      ],
      exports: [SelfMetrics, Exposition],
    };
  }
}
