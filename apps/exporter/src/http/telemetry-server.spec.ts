import { type AddressInfo, createServer } from 'node:net';
import { createExposition, SelfMetrics } from '@app/metrics';
import { MemoryStateStore } from '@app/store';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../../test/support/exposition.js';
import { StatusBoard } from '../report/status-board.js';
import { endpointGuard } from '../web/endpoint-server.js';
import { MetricsEndpoint } from './metrics-endpoint.js';
import { NewestState } from './newest-state.js';
import { TelemetryServer } from './telemetry-server.js';

function endpoint(): MetricsEndpoint {
  const metrics = new SelfMetrics({ version: '1', revision: '' }, false);
  const newest = new NewestState(new MemoryStateStore(), metrics, new StatusBoard(), 0);
  return new MetricsEndpoint(newest, createExposition({ disabled: '', maxSeries: 0 }, metrics));
}

async function takenPort(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const free = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, free };
}

const guard = endpointGuard(null);

describe('the telemetry port', () => {
  const telemetry = new TelemetryServer(endpoint());
  afterEach(() => telemetry.onApplicationShutdown());

  it('serves the facts of this process alone, on its exact path', async () => {
    const { port, free } = await takenPort();
    await free();
    await telemetry.listen(port, { host: '127.0.0.1', path: '/metrics', guard });
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const { families } = parseExposition(await answer.text());
    expect([...families.keys()].every((name) => name.startsWith('litellm_exporter_'))).toBe(true);
    expect(families.has('litellm_exporter_build_info')).toBe(true);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics/`)).status).toBe(404);
  });

  it('names the setting when its port is taken', async () => {
    const { port, free } = await takenPort();
    await expect(telemetry.listen(port, { host: '127.0.0.1', path: '/metrics', guard })).rejects.toMatchObject({
      kind: 'setting-invalid',
      message: expect.stringContaining(`TELEMETRY_PORT ${port}`),
      remedy: 'set TELEMETRY_PORT to a free port',
    });
    await free();
  });
});
