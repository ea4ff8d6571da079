import { describe, expect, it } from '@jest/globals';
import { FakeState } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { EXPORTER_FAMILIES } from './exporter.js';
import { REQUEST_FAMILIES } from './requests.js';

describe('families about the exporter', () => {
  it('show the facts of the state, known label sets at 0', async () => {
    const state = new FakeState({
      version: 42,
      absent: ['project'],
      counters: {
        transactions: [{ labels: [], value: 9 }],
        changes: [{ labels: ['key', 'update'], value: 8 }],
        rows_ignored: [{ labels: ['delete'], value: 7 }],
        rows_rejected: [{ labels: ['new_reason'], value: 1 }],
        seeds: [{ labels: ['first'], value: 1 }],
      },
      figures: { seed_duration_seconds: 1.5 },
    });
    expect(await samplesText(EXPORTER_FAMILIES.slice(0, -2), state)).toBe(`# TYPE litellm_exporter_state_version gauge
litellm_exporter_state_version 42
# TYPE litellm_exporter_table_present gauge
litellm_exporter_table_present{table="spend_logs"} 1
litellm_exporter_table_present{table="key"} 1
litellm_exporter_table_present{table="team"} 1
litellm_exporter_table_present{table="user"} 1
litellm_exporter_table_present{table="organization"} 1
litellm_exporter_table_present{table="budget"} 1
litellm_exporter_table_present{table="end_user"} 1
litellm_exporter_table_present{table="team_member"} 1
litellm_exporter_table_present{table="project"} 0
litellm_exporter_table_present{table="tag"} 1
litellm_exporter_table_present{table="model"} 1
litellm_exporter_table_present{table="deprecated_key"} 1
# TYPE litellm_exporter_window_resolution_seconds gauge
litellm_exporter_window_resolution_seconds{window="spend"} 21600
litellm_exporter_window_resolution_seconds{window="request"} 600
litellm_exporter_window_resolution_seconds{window="error"} 30
litellm_exporter_window_resolution_seconds{window="key_spend"} 21600
litellm_exporter_window_resolution_seconds{window="last_minute"} 1
# TYPE litellm_exporter_window_covered_seconds gauge
litellm_exporter_window_covered_seconds{window="spend"} 2592000
litellm_exporter_window_covered_seconds{window="request"} 86400
litellm_exporter_window_covered_seconds{window="error"} 3600
litellm_exporter_window_covered_seconds{window="key_spend"} 2592000
litellm_exporter_window_covered_seconds{window="last_minute"} 60
# TYPE litellm_exporter_seed_duration_seconds gauge
litellm_exporter_seed_duration_seconds 1.5
# TYPE litellm_exporter_seed_completed_timestamp_seconds gauge
# TYPE litellm_exporter_replication_last_commit_timestamp_seconds gauge
# TYPE litellm_exporter_replication_lag_bytes gauge
# TYPE litellm_exporter_replication_lag_seconds gauge
# TYPE litellm_exporter_durable_lag_bytes gauge
# TYPE litellm_exporter_state_stale gauge
# TYPE litellm_exporter_spend_logs_silent gauge
# TYPE litellm_exporter_transactions_total counter
litellm_exporter_transactions_total 9
# TYPE litellm_exporter_changes_total counter
litellm_exporter_changes_total{table="key",operation="update"} 8
# TYPE litellm_exporter_rows_ignored_total counter
litellm_exporter_rows_ignored_total{operation="delete"} 7
litellm_exporter_rows_ignored_total{operation="update"} 0
litellm_exporter_rows_ignored_total{operation="truncate"} 0
# TYPE litellm_exporter_rows_history_total counter
litellm_exporter_rows_history_total 0
# TYPE litellm_exporter_rows_rejected_total counter
litellm_exporter_rows_rejected_total{reason="new_reason"} 1
litellm_exporter_rows_rejected_total{reason="spend_not_finite"} 0
litellm_exporter_rows_rejected_total{reason="tokens_not_finite"} 0
litellm_exporter_rows_rejected_total{reason="time_unreadable"} 0
litellm_exporter_rows_rejected_total{reason="tags_unreadable"} 0
litellm_exporter_rows_rejected_total{reason="metadata_gone"} 0
litellm_exporter_rows_rejected_total{reason="key_missing"} 0
litellm_exporter_rows_rejected_total{reason="undecodable_message"} 0
# TYPE litellm_exporter_duplicates_dropped_total counter
litellm_exporter_duplicates_dropped_total 0
# TYPE litellm_exporter_seeds_total counter
litellm_exporter_seeds_total{reason="first"} 1
# TYPE litellm_exporter_seed_rows_total counter
litellm_exporter_seed_rows_total 0
`);
  });

  it('count the series that are shown and those that the cap took', async () => {
    const state = new FakeState({
      series: {
        requests: [
          [['a', 'success'], 1],
          [['b', 'success'], 2],
          [['c', 'success'], 3],
        ],
      },
    });
    const text = await samplesText([...REQUEST_FAMILIES.slice(0, 1), ...EXPORTER_FAMILIES.slice(-2)], state, 2);
    expect(text).toBe(`# TYPE litellm_requests_total gauge
litellm_requests_total{model="c",status="success"} 3
litellm_requests_total{model="other",status="success"} 3
# TYPE litellm_exporter_series gauge
litellm_exporter_series{metric="litellm_requests_total"} 2
# TYPE litellm_exporter_series_folded gauge
litellm_exporter_series_folded{metric="litellm_requests_total"} 2
litellm_exporter_series_folded{metric="litellm_exporter_series"} 0
`);
  });
});
