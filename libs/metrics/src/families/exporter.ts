import type { CounterKind, FigureName, WindowName } from '@app/aggregates';
import type { EntityTable, RejectionReason } from '@app/litellm';
import { type CounterFamily, type Family, type GaugeFamily, gauge } from '../family.js';
import type { SeriesCount } from '../state-reading.js';
import { each } from '../steps.js';
import { joined } from './labels.js';

/** Windows by the name that labels show. */
const WINDOW_LABELS: Readonly<Record<WindowName, string>> = {
  S: 'spend',
  R: 'request',
  E: 'error',
  K: 'key_spend',
  M: 'last_minute',
};

/** Every entity table, by the name that labels show; a total record, so that a new table can't be forgotten. */
const TABLES: Readonly<Record<EntityTable, true>> = {
  key: true,
  team: true,
  user: true,
  organization: true,
  budget: true,
  end_user: true,
  team_member: true,
  project: true,
  tag: true,
  model: true,
  deprecated_key: true,
};

/** Reasons known beforehand, shown at 0. */
const REJECTIONS: Readonly<Record<RejectionReason | 'undecodable_message', true>> = {
  spend_not_finite: true,
  tokens_not_finite: true,
  time_unreadable: true,
  tags_unreadable: true,
  metadata_gone: true,
  key_missing: true,
  undecodable_message: true,
};

const WINDOW_FAMILIES: readonly GaugeFamily[] = (
  [
    ['litellm_exporter_window_resolution_seconds', 'Width of the buckets a window is cut into, in seconds.', 'bucket'],
    ['litellm_exporter_window_covered_seconds', 'How far back the state of a window really reaches.', 'covered'],
  ] as const
).map(([name, help, field]) =>
  gauge({
    name,
    help,
    labels: ['window'],
    collect: ({ view }, emit) =>
      each(Object.entries(WINDOW_LABELS) as [WindowName, string][], ([window, label]) =>
        emit([label], view.window(window)[field] / 1000),
      ),
  }),
);

const FIGURE_FAMILIES: readonly GaugeFamily[] = [
  figureFamily('seed_duration_seconds', 'How long the last seed took.'),
  figureFamily('seed_completed_timestamp_seconds', 'Unix time at which the last seed was whole.'),
  figureFamily(
    'last_commit_timestamp_seconds',
    'Unix time of the last applied commit of the stream.',
    'litellm_exporter_replication_last_commit_timestamp_seconds',
  ),
  figureFamily('replication_lag_bytes', 'Bytes of write-ahead log that are written and not yet applied.'),
  figureFamily('replication_lag_seconds', 'Time from writing a heartbeat message to applying it.'),
  figureFamily('durable_lag_bytes', 'Bytes applied that would be read again if the store crashed now.'),
  figureFamily(
    'state_stale',
    '1 while a new seed is due or under way: the state that is shown follows no changes until it is whole.',
  ),
  figureFamily(
    'spend_logs_silent',
    '1 while entity spend grows and no spend-log row arrives: LiteLLM runs with disable_spend_logs.',
  ),
];

const STATE_FAMILIES: readonly GaugeFamily[] = [
  gauge({
    name: 'litellm_exporter_state_version',
    help: 'Version of the state that this answer shows; two answers with the same version are equal.',
    labels: [],
    collect: ({ view }, emit) => each([view.version], (version) => emit([], version)),
  }),
  gauge({
    name: 'litellm_exporter_table_present',
    help: '1 where the table is followed; 0 where LiteLLM lacks it, or grants or publication leave it out: families that need it are absent.',
    labels: ['table'],
    *collect({ view }, emit) {
      emit(['spend_logs'], 1);
      yield* each(Object.keys(TABLES) as EntityTable[], (table) => emit([table], view.entities.present(table) ? 1 : 0));
    },
  }),
];

const TRAFFIC_FAMILIES: readonly CounterFamily[] = [
  stateCounter('transactions', 'Transactions of the stream that were applied.', [[]]),
  stateCounter('changes', 'Changes of the stream that were applied, by table and operation.', []),
  stateCounter('rows_ignored', 'UPDATE, DELETE and TRUNCATE of spend logs, which change nothing.', [
    ['update'],
    ['delete'],
    ['truncate'],
  ]),
  stateCounter(
    'rows_history',
    'Spend-log rows older than ROW_MAX_AGE at their commit, which change nothing by themselves.',
    [[]],
  ),
  stateCounter(
    'rows_rejected',
    'Rows or parts of rows that could not be used, by reason.',
    Object.keys(REJECTIONS).map((reason) => [reason]),
  ),
  stateCounter('duplicates_dropped', 'Transactions that came again and were passed over.', [[]]),
  stateCounter('seeds', 'Seeds, by what made them necessary.', []),
  stateCounter('seed_rows', 'Spend-log rows read by seeds.', [[]]),
];

const SERIES_FAMILIES: readonly GaugeFamily[] = [
  countFamily('litellm_exporter_series', 'Label sets of each family in this answer.', ({ shown }) => shown),
  countFamily(
    'litellm_exporter_series_folded',
    'Label sets of each family that METRICS_MAX_SERIES_PER_METRIC folded into "other" or dropped.',
    ({ folded }) => folded,
  ),
];

/** The exporter's own health as far as it is a fact of the state: equal on all replicas. About series come last. */
export const EXPORTER_FAMILIES: readonly Family[] = [
  ...STATE_FAMILIES,
  ...WINDOW_FAMILIES,
  ...FIGURE_FAMILIES,
  ...TRAFFIC_FAMILIES,
  ...SERIES_FAMILIES,
];

function figureFamily(figure: FigureName, help: string, name = `litellm_exporter_${figure}`): GaugeFamily {
  return gauge({
    name,
    help,
    labels: [],
    collect: ({ view }, emit) =>
      each([view.figure(figure)], (value) => {
        if (typeof value === 'number') emit([], value);
      }),
  });
}

function stateCounter(shows: CounterKind, help: string, zeros: readonly (readonly string[])[]): CounterFamily {
  const labels: Partial<Record<CounterKind, readonly string[]>> = {
    changes: ['table', 'operation'],
    rows_ignored: ['operation'],
    rows_rejected: ['reason'],
    seeds: ['reason'],
  };
  return {
    type: 'counter',
    name: `litellm_exporter_${shows}_total`,
    help,
    labels: labels[shows] ?? [],
    kept: false,
    needs: [],
    settings: [],
    shows,
    *collect({ view }, emit) {
      const missing = new Map(zeros.map((values) => [joined(...values), values]));
      yield* each(view.counters(shows), (counter) => {
        emit(counter.labels, counter.value);
        missing.delete(joined(...counter.labels));
      });
      for (const values of missing.values()) emit(values, 0);
    },
  };
}

function countFamily(name: string, help: string, value: (count: SeriesCount) => number): GaugeFamily {
  return gauge({
    name,
    help,
    labels: ['metric'],
    settings: ['METRICS_MAX_SERIES_PER_METRIC'],
    collect: ({ counts }, emit) => each([...counts], ([metric, count]) => emit([metric], value(count))),
  });
}
