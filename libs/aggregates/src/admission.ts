import type { EntityTable } from '@app/litellm';
import type { EntityLookup } from './entity-state.js';
import type { AggregateState } from './state.js';
import { COUNTER_KINDS, type CounterKind, type HistogramKind, SERIES_KINDS, type SeriesKind } from './view.js';

/** Ids that no entity row knows are kept one by one up to this many a kind (METRICS.md, "Cardinality"). */
export const UNKNOWN_IDS = 1_000;

/** The value that stands for everything beyond a bound. */
export const OTHER = 'other';

/** Parts of a series' key that a caller of LiteLLM can invent. */
const INVENTED = ['user', 'team', 'organization', 'api_key', 'tag', 'model', 'error_type'] as const;
type Invented = (typeof INVENTED)[number];

const TABLE_OF: Readonly<Partial<Record<Invented, EntityTable>>> = {
  user: 'user',
  team: 'team',
  organization: 'organization',
  tag: 'tag',
};

function isInvented(part: string): part is Invented {
  return (INVENTED as readonly string[]).includes(part);
}

/** Labels that say what is counted rather than whose; they stay real beside `other`. */
const REAL_LABELS = new Set(['status', 'result', 'kind', 'cached', 'operation', 'reason', 'table']);

/** Folds a counter's label values into `other`, but for those that stay real. */
export function otherLabels(kind: CounterKind | HistogramKind, labels: readonly string[]): readonly string[] {
  const names: readonly string[] = kind in COUNTER_KINDS ? COUNTER_KINDS[kind as CounterKind].labels : ['model'];
  return labels.map((value, place) => (REAL_LABELS.has(names[place] as string) ? value : OTHER));
}

/**
 * Decides which ids get series of their own. Rows come from callers who may invent keys, users, tags and models, so
 * what no entity row knows is bounded: the first {@link UNKNOWN_IDS} of a kind are kept, the rest is one. Used by the
 * writer alone; what it decides is in the records.
 */
export class Admission {
  readonly #state: AggregateState;
  #admitted: Map<Invented, Set<string>> | null = null;
  readonly #succeeded = new Set<string>();

  constructor(state: AggregateState) {
    this.#state = state;
  }

  /** Models that are known to have answered with success count as known from now on. */
  modelSucceeded(model: string): void {
    this.#succeeded.add(model);
  }

  /**
   * Makes room for new ids where the series of old ones are gone. It looks through all series, and so does so only
   * where a kind has no room left.
   */
  renew(): void {
    this.#names = null;
    const full = [...(this.#admitted?.values() ?? [])].some((ids) => ids.size >= UNKNOWN_IDS);
    if (full) this.#admitted = null;
  }

  /** The key under which a series is kept: its own, or one with `other` in place of ids beyond the bound. */
  keyFor(kind: SeriesKind, key: readonly string[], lookup: EntityLookup): readonly string[] {
    const parts = SERIES_KINDS[kind].key;
    let changed: string[] | null = null;
    for (let place = 0; place < parts.length; place++) {
      const part = parts[place] as string;
      const id = key[place] as string;
      if (id === '' || !isInvented(part) || this.#admit(part, id, lookup)) continue;
      changed ??= [...key];
      changed[place] = OTHER;
    }
    return changed ?? key;
  }

  /** The label value under which a model is counted. */
  modelFor(model: string, lookup: EntityLookup): string {
    return this.#admit('model', model, lookup) ? model : OTHER;
  }

  #admit(part: Invented, id: string, lookup: EntityLookup): boolean {
    const admitted = this.#admittedOf(part);
    if (admitted.has(id) || this.#known(part, id, lookup)) return true;
    if (admitted.size >= UNKNOWN_IDS) return false;
    admitted.add(id);
    return true;
  }

  #known(part: Invented, id: string, lookup: EntityLookup): boolean {
    if (id === OTHER) return true;
    if (part === 'api_key') return lookup.keyOfToken(id) !== undefined;
    if (part === 'model') return this.#succeeded.has(id) || this.#modelNames().has(id);
    const table = TABLE_OF[part];
    return table !== undefined && lookup.get(table, id) !== undefined;
  }

  #names: Set<string> | null = null;

  #modelNames(): Set<string> {
    if (this.#names === null) {
      this.#names = new Set();
      for (const { modelName } of this.#state.entities.all('model')) this.#names.add(modelName);
    }
    return this.#names;
  }

  #admittedOf(part: Invented): Set<string> {
    this.#admitted ??= this.#survey();
    return this.#admitted.get(part) as Set<string>;
  }

  /** The unknown ids that have series now. */
  #survey(): Map<Invented, Set<string>> {
    for (const { key } of this.#state.table('traffic_model').names()) this.#succeeded.add(key[2] as string);
    const admitted = new Map<Invented, Set<string>>(INVENTED.map((part) => [part, new Set()]));
    for (const kind of Object.keys(SERIES_KINDS) as SeriesKind[]) {
      const parts: readonly string[] = SERIES_KINDS[kind].key;
      for (const { key } of this.#state.table(kind).names()) {
        parts.forEach((part, place) => {
          const id = key[place] as string;
          if (id === '' || !isInvented(part) || this.#known(part, id, this.#state.entities)) return;
          admitted.get(part)?.add(id);
        });
      }
    }
    return admitted;
  }
}
