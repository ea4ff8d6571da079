import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type SlotFacts, SlotMetrics } from './slot-metrics.js';

/** What is known of this process before anything runs. */
export interface BuildFacts {
  readonly version: string;
  /** Commit it was built from; '' where unknown. */
  readonly revision: string;
}

/** Facts of the server, which every replica sees for itself: they are shown beside the state, too. */
const OF_THE_SERVER = /^litellm_exporter_slot_(retained|unconfirmed|safe_wal|limit|status)/;

/** What says why there is no state, where replicas may differ for a moment at most: in its place it stands with the former. */
const WHY_NO_STATE = /^litellm_exporter_(build_info|up|ready)$/;

/** One sample of a process metric; labels by name, `le` among them for a histogram's bucket. */
export interface ProcessSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** One metric of this process. */
export interface ProcessMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly samples: readonly ProcessSample[];
}

/** Names a default metric wrongly has: a gauge that ends like a counter says nothing that `sum()` doesn't. */
const MISNAMED = /_total$/;

/**
 * Facts of this process: what differs from replica to replica. Facts of the state are families instead. A registry of
 * its own, which is never asked for text: one rendering as OpenMetrics would spoil the names of its counters for ever.
 */
export class SelfMetrics {
  readonly #registry = new Registry();
  readonly #up = this.#gauge('up', '1 while the dependency answers.', ['dependency']);
  readonly #ready = this.#gauge('ready', '1 while /readyz says 200: there is a whole state, of this deployment.');
  readonly #leader = this.#gauge('leader', '1 while this process consumes the replication slot.');
  readonly #connected = this.#gauge('replication_connected', '1 while this process has an open stream.');
  readonly #inFlight = this.#gauge('in_flight_rows', 'Rows folded and not stored yet.');
  readonly #stateAge = this.#gauge('state_age_seconds', 'Time since the shown state was known to be the newest.');
  readonly #seedProgress = this.#gauge(
    'seed_progress_ratio',
    'Share of the running or last seed that is done, 0 to 1.',
  );
  readonly #render = this.#gauge('render_duration_seconds', 'How long the last rendering of the state took.');
  readonly #reconnects = this.#counter('replication_reconnects_total', 'Times the stream was opened again.');
  readonly #fenced = this.#counter('fenced_total', 'Times the store refused this process because a newer one writes.');
  readonly #storeErrors = this.#counter('store_errors_total', 'Failed calls of the store, by kind of failure.', [
    'kind',
  ]);
  readonly #paused = this.#counter(
    'stream_paused_seconds_total',
    'Time for which the stream was paused by back-pressure.',
  );
  readonly #refused = this.#counter('requests_refused_total', 'Requests that were not answered, by reason.', [
    'reason',
  ]);
  readonly #webConfigInUse = this.#gauge(
    'web_config_last_reload_successful',
    '1 while the web configuration in use is that of its file; 0 while a changed file is refused.',
  );
  readonly #webConfigReloads = this.#counter('web_config_reloads_total', 'Changes of the web configuration seen.');
  readonly #webConfigRefusals = this.#counter(
    'web_config_reload_failures_total',
    'Changes of the web configuration that were refused.',
  );
  readonly #slot = new SlotMetrics(this.#registry);
  readonly #commitSeconds = this.#histogram(
    'store_commit_seconds',
    'How long storing a step took.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  );
  readonly #batchRows = this.#histogram(
    'batch_rows',
    'Spend-log rows in a stored step.',
    [0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
  );
  #pausedSince: number | null = null;

  /** @param defaults whether `process_*` and `nodejs_*` are collected too; their observers live as long as the process. */
  constructor(build: BuildFacts, defaults = true) {
    const info = this.#gauge('build_info', '1; what this process was built from.', [
      'version',
      'revision',
      'nodeversion',
    ]);
    info.set({ ...build, nodeversion: process.version }, 1);
    this.#webConfigInUse.set(1);
    if (!defaults) return;
    collectDefaultMetrics({ register: this.#registry });
    for (const { name, type } of this.#registry.getMetricsAsArray()) {
      if (String(type) === 'gauge' && MISNAMED.test(name)) this.#registry.removeSingleMetric(name);
    }
  }

  /** A dependency (`postgres`, `redis`) answers, or does not. */
  dependency(name: string, up: boolean): void {
    this.#up.set({ dependency: name }, up ? 1 : 0);
  }

  /** Whether there is a whole state to serve. */
  ready(ready: boolean): void {
    this.#ready.set(ready ? 1 : 0);
  }

  /** This process consumes the slot. */
  leader(leading: boolean): void {
    this.#leader.set(leading ? 1 : 0);
  }

  /** The stream is open. */
  connected(connected: boolean): void {
    this.#connected.set(connected ? 1 : 0);
  }

  /** The stream is opened again. */
  reconnect(): void {
    this.#reconnects.inc();
  }

  /** Rows folded and not stored yet. */
  inFlight(rows: number): void {
    this.#inFlight.set(rows);
  }

  /** Back-pressure stops the stream, or lets it go on. */
  paused(paused: boolean): void {
    this.#countPause();
    this.#pausedSince = paused ? performance.now() : null;
  }

  /** A step was stored: its rows, and how long that took. */
  stored(rows: number, seconds: number): void {
    this.#batchRows.observe(rows);
    this.#commitSeconds.observe(seconds);
  }

  /** A call of the store failed. */
  storeError(kind: string): void {
    this.#storeErrors.inc({ kind });
  }

  /** The store refused this process because a newer one writes. */
  fenced(): void {
    this.#fenced.inc();
  }

  /** A request was not answered, for this reason. */
  requestRefused(reason: string): void {
    this.#refused.inc({ reason });
  }

  /** The web configuration has changed, and is in use or refused. */
  webConfigReloaded(successful: boolean): void {
    this.#webConfigInUse.set(successful ? 1 : 0);
    this.#webConfigReloads.inc();
    if (!successful) this.#webConfigRefusals.inc();
  }

  /** What the slot looks like now; null where there is none, or nobody can tell: then nothing is shown. */
  slot(facts: SlotFacts | null): void {
    this.#slot.show(facts);
  }

  /** This process has dropped the slot. */
  slotDropped(): void {
    this.#slot.dropped();
  }

  /** Share of the running seed that is done, 0 to 1; 1 where a state came without a seed. */
  seedProgress(share: number): void {
    this.#seedProgress.set(share);
  }

  /** How long rendering a state took. */
  rendered(seconds: number): void {
    this.#render.set(seconds);
  }

  /** Time since the shown state was known to be the newest. */
  stateAge(seconds: number): void {
    this.#stateAge.set(seconds);
  }

  /** Everything there is, as it stands now. A value that is not finite is left out. */
  async read(): Promise<readonly ProcessMetric[]> {
    this.#countPause();
    const metrics = await this.#registry.getMetricsAsJSON();
    return metrics.map((metric) => ({
      name: metric.name,
      help: metric.help,
      type: String(metric.type),
      labels: this.#labelsOf(metric.name),
      samples: samplesOf(metric),
    }));
  }

  /**
   * Of {@link read}, what is a fact of the server: equal on all replicas, or nearly so. Where no state is shown, also what
   * says why, so that an answer is never empty (W6).
   */
  async readShared({ withState }: { readonly withState: boolean }): Promise<readonly ProcessMetric[]> {
    const metrics = await this.read();
    return metrics.filter(({ name }) => OF_THE_SERVER.test(name) || (!withState && WHY_NO_STATE.test(name)));
  }

  /** Names of all metrics, for METRICS_DISABLED. */
  names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** Leaves out metrics for good. */
  remove(isDisabled: (name: string) => boolean): void {
    for (const name of this.names().filter(isDisabled)) this.#registry.removeSingleMetric(name);
  }

  #countPause(): void {
    if (this.#pausedSince === null) return;
    const now = performance.now();
    this.#paused.inc((now - this.#pausedSince) / 1000);
    this.#pausedSince = now;
  }

  #labelsOf(name: string): readonly string[] {
    return (this.#registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }).labelNames;
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name: `litellm_exporter_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `litellm_exporter_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `litellm_exporter_${name}`, help, buckets, registers: [this.#registry] });
  }
}

/** What prom-client says of a metric, as far as we use it. */
interface ReadMetric {
  readonly name: string;
  readonly values: readonly { value: number; labels: object; metricName?: string }[];
}

function samplesOf({ name, values }: ReadMetric): readonly ProcessSample[] {
  return values
    .filter(({ value }) => Number.isFinite(value))
    .map(({ value, labels, metricName }) => ({
      name: metricName ?? name,
      labels: labels as ProcessSample['labels'],
      value,
    }));
}
