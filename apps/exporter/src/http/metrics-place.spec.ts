import { loadConfig } from '@app/config';
import { describe, expect, it } from '@jest/globals';
import { metricsPlace } from './metrics-place.js';

describe('metricsPlace', () => {
  it.each([
    [undefined, 'http://localhost:9090/metrics, on all addresses'],
    ['0.0.0.0', 'http://localhost:9090/metrics, on all addresses'],
    ['::', 'http://localhost:9090/metrics, on all addresses'],
    ['127.0.0.1', 'http://127.0.0.1:9090/metrics'],
    ['::1', 'http://[::1]:9090/metrics'],
    ['exporter.internal', 'http://exporter.internal:9090/metrics'],
  ])('METRICS_HOST=%s listens at %s', (METRICS_HOST, place) => {
    expect(metricsPlace(loadConfig({ METRICS_HOST }).http, false)).toBe(place);
  });

  it('is https with TLS', () => {
    const { http } = loadConfig({ METRICS_HOST: '127.0.0.1', METRICS_PORT: '8443', METRICS_PATH: '/m' });
    expect(metricsPlace(http, true)).toBe('https://127.0.0.1:8443/m');
  });
});
