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

  it.each([
    ['ENOTFOUND', 'getaddrinfo', '"nosuch.host" is a name that leads to no address (ENOTFOUND)'],
    ['EAI_AGAIN', 'getaddrinfo', '"nosuch.host" is a name that leads to no address (EAI_AGAIN)'],
    ['EADDRNOTAVAIL', 'listen', '"nosuch.host" can\'t be listened on (EADDRNOTAVAIL)'],
    ['EINVAL', 'listen', '"nosuch.host" can\'t be listened on (EINVAL)'],
    ['EAFNOSUPPORT', 'listen', '"nosuch.host" can\'t be listened on (EAFNOSUPPORT)'],
  ])('%s of %s is the fault of the host, whichever port was to be opened', (code, syscall, why) => {
    const error = Object.assign(new Error(code), { code, syscall });
    for (const setting of ['METRICS_PORT', 'TELEMETRY_PORT'] as const) {
      expect(listenFailure(error, { setting, port: 9_091, host: 'nosuch.host' })).toMatchObject({
        kind: 'setting-invalid',
        message: `METRICS_HOST: ${why}, expected a host name or an IP address of this machine`,
        remedy: 'set METRICS_HOST to an address of this machine, or leave it unset to listen on all addresses',
      });
    }
  });

  it('a port that takes a privilege is the fault of the port', () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'listen' });
    expect(listenFailure(error, { setting: 'METRICS_PORT', port: 80, host: null })).toMatchObject({
      message: "METRICS_PORT 80 can't be listened on (EACCES)",
      remedy: 'set METRICS_PORT to a port above 1023',
    });
  });

  it('hands on what it does not know', () => {
    const error = new Error('something else');
    expect(listenFailure(error, { setting: 'METRICS_PORT', port: 9_090, host: null })).toBe(error);
  });
});
