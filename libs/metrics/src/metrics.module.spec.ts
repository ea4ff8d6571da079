import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Exposition } from './exposition/exposition.js';
import { MetricsModule } from './metrics.module.js';
import { SelfMetrics } from './self-metrics.js';

describe('MetricsModule', () => {
  const build = { version: '1', revision: '' };

  it('provides one exposition and the self-metrics it shows', () => {
    const { providers } = MetricsModule.forRoot({ build, disabled: '', maxSeries: 0 });
    expect(providers).toEqual([
      { provide: SelfMetrics, useValue: expect.any(SelfMetrics) },
      { provide: Exposition, useValue: expect.any(Exposition) },
    ]);
  });

  it('refuses a METRICS_DISABLED that matches nothing', () => {
    expect(() => MetricsModule.forRoot({ build, disabled: 'nothing_like_it', maxSeries: 0 })).toThrow(
      /METRICS_DISABLED/,
    );
  });
});
