import type { CounterKind, HistogramKind, StateView } from '@app/aggregates';
import type { EntityTable } from '@app/litellm';
import type { StateReading } from './state-reading.js';
import type { Steps } from './steps.js';

/**
 * Takes one series: label values in the order of the family's labels, and its value. A value that is not finite is
 * not shown (METRICS.md: no family ever shows `+Inf` or `NaN`). The label values are read at once: the array may be
 * filled anew for the next series, and is where there are many. (Of arrays that were kept once, as those of the first
 * answer are, V8 makes all later ones in the old generation, where they stay until all garbage is collected.)
 */
export type EmitValue = (values: readonly string[], value: number) => void;

/** One histogram series. */
export interface HistogramSample {
  readonly values: readonly string[];
  /** Observations per bucket, not cumulated; one more than there are bounds. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

/** What is declared of every family, whatever its type. */
export interface FamilyDeclaration {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** True where name, labels and meaning are those of the polling exporter, and fixed. */
  readonly kept: boolean;
  /** The family is absent where LiteLLM lacks one of these tables. Spend logs, keys, teams and users always exist. */
  readonly needs: readonly EntityTable[];
  /** Settings that shape the family, for the reference. */
  readonly settings: readonly string[];
}

/** A gauge: computed anew for each answer, capped when it is written. */
export interface GaugeFamily extends FamilyDeclaration {
  readonly type: 'gauge';
  /** What the cap does: `fold` the smallest series into `other`, so that sums stay right, or `drop` the excess. */
  readonly additive: 'fold' | 'drop';
  /** Labels that keep their value in `other`; each has a handful of values at most. */
  readonly realLabels: readonly string[];
  collect(reading: StateReading, emit: EmitValue): Steps;
}

/** A true counter: the state keeps it, and has capped it when its series began. */
export interface CounterFamily extends FamilyDeclaration {
  readonly type: 'counter';
  /** The counter of the state that it shows. */
  readonly shows: CounterKind;
  collect(reading: StateReading, emit: EmitValue): Steps;
}

/** A cumulative histogram, kept and capped by the state like a counter. */
export interface HistogramFamily extends FamilyDeclaration {
  readonly type: 'histogram';
  readonly shows: HistogramKind;
  /** Upper bounds in seconds, ascending, without +Inf. */
  bounds(view: StateView): readonly number[];
  collect(reading: StateReading, emit: (sample: HistogramSample) => void): Steps;
}

/** A family of `/metrics`, as declared data. */
export type Family = GaugeFamily | CounterFamily | HistogramFamily;

/** What a gauge is declared by; what is left out has the usual value. */
export type GaugeDeclaration = Pick<GaugeFamily, 'name' | 'help' | 'labels' | 'collect'> &
  Partial<Pick<GaugeFamily, 'kept' | 'needs' | 'settings' | 'additive' | 'realLabels'>>;

/** A gauge: not kept, always present, and dropping its excess unless declared otherwise. */
export function gauge(declaration: GaugeDeclaration): GaugeFamily {
  return { type: 'gauge', kept: false, needs: [], settings: [], additive: 'drop', realLabels: [], ...declaration };
}

/** A gauge over a window: additive, so that its smallest series can be folded. */
export function windowedGauge(declaration: GaugeDeclaration): GaugeFamily {
  return gauge({ kept: true, additive: 'fold', ...declaration });
}
