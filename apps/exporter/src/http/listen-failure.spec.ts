import { ExporterFailure } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { listenFailure } from './listen-failure.js';

const taken = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });

describe('listenFailure', () => {
  it.each([
    [9_090, 'METRICS_PORT 9090 is taken by another program (9090 is also the port of Prometheus)'],
    [9_091, 'METRICS_PORT 9091 is taken by another program'],
  ])('speaks of Prometheus only where the taken port is its own: %i', (port, message) => {
    const failure = listenFailure(taken, { setting: 'METRICS_PORT', port, host: null });
    expect(failure).toBeInstanceOf(ExporterFailure);
    expect(failure).toMatchObject({ kind: 'setting-invalid', message, remedy: 'set METRICS_PORT to a free port' });
  });

  it('names the address where one was given', () => {
    const failure = listenFailure(taken, { setting: 'TELEMETRY_PORT', port: 9_091, host: '127.0.0.1' });
    expect(failure).toMatchObject({ message: 'TELEMETRY_PORT 9091 of 127.0.0.1 is taken by another program' });
  });

  it('hands on what it does not know', () => {
    const error = new Error('something else');
    expect(listenFailure(error, { setting: 'METRICS_PORT', port: 9_090, host: null })).toBe(error);
  });
});
