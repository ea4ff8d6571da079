import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/servers/free-port.mjs';
import { type AppProcess, startApp } from '../support/exporter-process.js';

const started: AppProcess[] = [];

function exporter(env: Readonly<Record<string, string>>, ...argv: string[]): AppProcess {
  const app = startApp({ app: 'exporter', env, argv });
  started.push(app);
  return app;
}

afterEach(async () => {
  for (const app of started.splice(0)) await app.stop('SIGKILL');
});

/** Nobody listens there. */
const NOWHERE = { LITELLM_DB_HOST: '127.0.0.1', LITELLM_DB_PORT: '1', METRICS_HOST: '127.0.0.1' };

describe('how the exporter ends', () => {
  it.each([
    ['a wrong value', { METRICS_SPEND_WINDOW: '30 days' }, /METRICS_SPEND_WINDOW/],
    ['a near miss of a name', { METRICS_SPEND_WINDOWS: '30d' }, /METRICS_SPEND_WINDOWS.*METRICS_SPEND_WINDOW/],
    ['two that exclude each other', { DATABASE_URL: 'postgresql://a@b/c', LITELLM_DB_HOST: 'b' }, /DATABASE_URL/],
    ['a failover slot without Redis', { ...NOWHERE, REPLICATION_FAILOVER: 'true' }, /REPLICATION_FAILOVER.*REDIS_URL/],
    ['a family that is none', { METRICS_DISABLED: 'litellm_nothing' }, /METRICS_DISABLED/],
  ])('with 2 on %s, which it names', async (_what, env, named) => {
    const app = exporter({ ...env });
    expect(await app.ended).toEqual({ code: 2, signal: null });
    expect(app.logs.join('\n')).toMatch(named);
    expect(app.logs.join('\n')).not.toMatch(/^\s+at /m);
  });

  it('with 2 on an argument it does not know, and with 0 on --help and --version', async () => {
    expect(await exporter({}, '--no-such').ended).toEqual({ code: 2, signal: null });
    const help = exporter({}, '--help');
    expect(await help.ended).toEqual({ code: 0, signal: null });
    expect(help.logs.join('\n')).toContain('METRICS_SPEND_WINDOW');
    expect(await exporter({}, '--version').ended).toEqual({ code: 0, signal: null });
  });

  it('with 2 on a port that is taken, which it names', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    try {
      const app = exporter({ ...NOWHERE, METRICS_PORT: String(port) });
      expect(await app.ended).toEqual({ code: 2, signal: null });
      const text = app.logs.join('\n');
      expect(text).toMatch(
        /^METRICS_PORT \d+ of 127\.0\.0\.1 is taken.*\n {2}remedy: set METRICS_PORT to a free port$/m,
      );
      expect(text).not.toMatch(/EADDRINUSE|^\s+at /m);
    } finally {
      taken.close();
    }
  });

  it('with 2 on a host that leads to no address of this machine, which it names with what would be one', async () => {
    for (const METRICS_HOST of ['nosuch.invalid', '192.0.2.1']) {
      const app = exporter({ ...NOWHERE, METRICS_HOST, METRICS_PORT: String(await freePort()) });
      expect(await app.ended).toEqual({ code: 2, signal: null });
      const text = app.logs.join('\n');
      expect(text).toMatch(/^METRICS_HOST: .*expected a host name or an IP address.*\n {2}remedy: set METRICS_HOST/m);
      expect(text).not.toMatch(/\[NestApplication\]|^\s+at /m);
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('with 0 on %s, soon, though PostgreSQL is out of reach', async (signal) => {
    const app = exporter({ ...NOWHERE, METRICS_PORT: String(await freePort()) });
    await app.awaitLog(/metrics at/);
    const began = performance.now();
    expect(await app.stop(signal)).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(app.logs.at(-1)).toMatch(/stopped: there was no whole state yet$/);
  });
});
