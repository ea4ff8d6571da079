import { describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../test/support/exposition.js';
import { createExposition } from './create-exposition.js';
import { processText } from './exposition/process-text.js';
import { SelfMetrics } from './self-metrics.js';

const BUILD = { version: '1.2.3', revision: 'abc' };

async function read(self: SelfMetrics) {
  return parseExposition(processText(await self.read(), 'text'));
}

describe('self-metrics', () => {
  it('show what they are told', async () => {
    const self = new SelfMetrics(BUILD, false);
    self.dependency('postgres', true);
    self.dependency('redis', false);
    self.ready(true);
    self.leader(true);
    self.connected(true);
    self.reconnect();
    self.inFlight(7);
    self.stored(25, 0.003);
    self.storeError('store-unavailable');
    self.fenced();
    self.requestRefused('method');
    self.webConfigReloaded(true);
    self.webConfigReloaded(false);
    self.seedProgress(0.5);
    self.rendered(0.25);
    self.stateAge(1.5);
    self.slot({ retained: 1_048_576, confirmedLag: 48, safe: null, status: 'extended', limit: 0 });
    self.slotDropped();
    const text = processText(await self.read(), 'text')
      .replaceAll(/^# HELP .*\n/gm, '')
      .replace(process.version, 'vX');
    expect(text).toBe(`# TYPE litellm_exporter_up gauge
litellm_exporter_up{dependency="postgres"} 1
litellm_exporter_up{dependency="redis"} 0
# TYPE litellm_exporter_ready gauge
litellm_exporter_ready 1
# TYPE litellm_exporter_leader gauge
litellm_exporter_leader 1
# TYPE litellm_exporter_replication_connected gauge
litellm_exporter_replication_connected 1
# TYPE litellm_exporter_in_flight_rows gauge
litellm_exporter_in_flight_rows 7
# TYPE litellm_exporter_state_age_seconds gauge
litellm_exporter_state_age_seconds 1.5
# TYPE litellm_exporter_seed_progress_ratio gauge
litellm_exporter_seed_progress_ratio 0.5
# TYPE litellm_exporter_render_duration_seconds gauge
litellm_exporter_render_duration_seconds 0.25
# TYPE litellm_exporter_replication_reconnects_total counter
litellm_exporter_replication_reconnects_total 1
# TYPE litellm_exporter_fenced_total counter
litellm_exporter_fenced_total 1
# TYPE litellm_exporter_store_errors_total counter
litellm_exporter_store_errors_total{kind="store-unavailable"} 1
# TYPE litellm_exporter_stream_paused_seconds_total counter
litellm_exporter_stream_paused_seconds_total 0
# TYPE litellm_exporter_requests_refused_total counter
litellm_exporter_requests_refused_total{reason="method"} 1
# TYPE litellm_exporter_web_config_last_reload_successful gauge
litellm_exporter_web_config_last_reload_successful 0
# TYPE litellm_exporter_web_config_reloads_total counter
litellm_exporter_web_config_reloads_total 2
# TYPE litellm_exporter_web_config_reload_failures_total counter
litellm_exporter_web_config_reload_failures_total 1
# TYPE litellm_exporter_slot_retained_bytes gauge
litellm_exporter_slot_retained_bytes 1048576
# TYPE litellm_exporter_slot_unconfirmed_bytes gauge
litellm_exporter_slot_unconfirmed_bytes 48
# TYPE litellm_exporter_slot_safe_wal_bytes gauge
# TYPE litellm_exporter_slot_limit_bytes gauge
# TYPE litellm_exporter_slot_status gauge
litellm_exporter_slot_status{status="reserved"} 0
litellm_exporter_slot_status{status="extended"} 1
litellm_exporter_slot_status{status="unreserved"} 0
litellm_exporter_slot_status{status="lost"} 0
# TYPE litellm_exporter_slot_drops_total counter
litellm_exporter_slot_drops_total 1
# TYPE litellm_exporter_store_commit_seconds histogram
litellm_exporter_store_commit_seconds_bucket{le="0.001"} 0
litellm_exporter_store_commit_seconds_bucket{le="0.0025"} 0
litellm_exporter_store_commit_seconds_bucket{le="0.005"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.01"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.025"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.05"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.1"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.25"} 1
litellm_exporter_store_commit_seconds_bucket{le="0.5"} 1
litellm_exporter_store_commit_seconds_bucket{le="1"} 1
litellm_exporter_store_commit_seconds_bucket{le="2.5"} 1
litellm_exporter_store_commit_seconds_bucket{le="5"} 1
litellm_exporter_store_commit_seconds_bucket{le="10"} 1
litellm_exporter_store_commit_seconds_bucket{le="+Inf"} 1
litellm_exporter_store_commit_seconds_sum 0.003
litellm_exporter_store_commit_seconds_count 1
# TYPE litellm_exporter_batch_rows histogram
litellm_exporter_batch_rows_bucket{le="0"} 0
litellm_exporter_batch_rows_bucket{le="1"} 0
litellm_exporter_batch_rows_bucket{le="10"} 0
litellm_exporter_batch_rows_bucket{le="100"} 1
litellm_exporter_batch_rows_bucket{le="1000"} 1
litellm_exporter_batch_rows_bucket{le="10000"} 1
litellm_exporter_batch_rows_bucket{le="100000"} 1
litellm_exporter_batch_rows_bucket{le="1000000"} 1
litellm_exporter_batch_rows_bucket{le="+Inf"} 1
litellm_exporter_batch_rows_sum 25
litellm_exporter_batch_rows_count 1
# TYPE litellm_exporter_build_info gauge
litellm_exporter_build_info{version="1.2.3",revision="abc",nodeversion="vX"} 1
`);
  });

  it('show the slot as it was seen last, and nothing of it where nobody can tell', async () => {
    const self = new SelfMetrics(BUILD, false);
    const facts = { retained: 3, confirmedLag: 2, safe: 1, status: 'weird', limit: 9 };
    self.slot(facts);
    const seen = await read(self);
    expect(seen.value('litellm_exporter_slot_limit_bytes')).toBe(9);
    expect(seen.value('litellm_exporter_slot_status', { status: 'weird' })).toBe(1);
    expect((await self.readShared({ withState: true })).map(({ name }) => name)).toEqual([
      'litellm_exporter_slot_retained_bytes',
      'litellm_exporter_slot_unconfirmed_bytes',
      'litellm_exporter_slot_safe_wal_bytes',
      'litellm_exporter_slot_limit_bytes',
      'litellm_exporter_slot_status',
    ]);
    self.slot(null);
    expect((await self.readShared({ withState: true })).flatMap(({ samples }) => samples)).toEqual([]);
  });

  it('W6: without a state, what all replicas share says why, and no counter jumps from replica to replica', async () => {
    const self = new SelfMetrics(BUILD);
    self.dependency('redis', false);
    self.storeError('store-unavailable');
    const shown = (await self.readShared({ withState: false })).filter(({ samples }) => samples.length > 0);
    expect(shown.map(({ name }) => name)).toEqual([
      'litellm_exporter_up',
      'litellm_exporter_ready',
      'litellm_exporter_build_info',
    ]);
    expect(shown.every(({ type }) => type === 'gauge')).toBe(true);
  });

  it('count the time for which the stream is paused, while it still is', async () => {
    const self = new SelfMetrics(BUILD, false);
    const paused = async () => (await read(self)).value('litellm_exporter_stream_paused_seconds_total') ?? -1;
    self.paused(true);
    const first = await paused();
    const second = await paused();
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    self.paused(false);
    const whole = await paused();
    expect(await paused()).toBe(whole);
  });

  it('spell both formats from the same records, over and over', async () => {
    const self = new SelfMetrics(BUILD, false);
    self.reconnect();
    for (let scrape = 0; scrape < 2; scrape++) {
      const open = processText(await self.read(), 'openmetrics');
      expect(open).toContain('# TYPE litellm_exporter_replication_reconnects counter');
      expect(open).toContain('litellm_exporter_replication_reconnects_total 1\n');
      expect(open).toContain('litellm_exporter_batch_rows_bucket{le="10.0"}');
      expect(processText(await self.read(), 'text')).toContain(
        '# TYPE litellm_exporter_replication_reconnects_total counter',
      );
    }
  });

  it('leave out default gauges that are named like counters, and what METRICS_DISABLED names', async () => {
    const self = new SelfMetrics(BUILD);
    createExposition({ disabled: 'nodejs_heap_*', maxSeries: 0 }, self);
    const metrics = await self.read();
    expect(metrics.filter(({ name, type }) => type === 'gauge' && name.endsWith('_total'))).toEqual([]);
    expect(metrics.some(({ name }) => name === 'process_cpu_seconds_total')).toBe(true);
    expect(metrics.some(({ name }) => name.startsWith('nodejs_heap_'))).toBe(false);
    expect(processText(metrics, 'text')).not.toMatch(/ (NaN|[+-]Inf)$/m);
  });
});
