import { SEPARATOR } from './key.js';

/** Texts of keys that a model has with a word behind it. */
export interface ModelKeys {
  readonly success: string;
  readonly failure: string;
  readonly hit: string;
  readonly miss: string;
  readonly prompt: string;
  readonly promptCached: string;
  readonly completion: string;
  readonly completionCached: string;
}

/** Models whose keys are remembered at a time: names may be invented (W9). */
const REMEMBERED = 1_000;

/** Remembers the keys of models. Models are few, and joining and hashing five texts anew for each row was a twelfth of what a row costs. */
export class RememberedModels {
  readonly #keys = new Map<string, ModelKeys>();

  keysOf(model: string): ModelKeys {
    let keys = this.#keys.get(model);
    if (keys === undefined) {
      if (this.#keys.size >= REMEMBERED) this.#keys.clear();
      keys = joined(model + SEPARATOR);
      this.#keys.set(model, keys);
    }
    return keys;
  }
}

function joined(model: string): ModelKeys {
  return {
    success: `${model}success`,
    failure: `${model}failure`,
    hit: `${model}hit`,
    miss: `${model}miss`,
    prompt: `${model}prompt${SEPARATOR}false`,
    promptCached: `${model}prompt${SEPARATOR}true`,
    completion: `${model}completion${SEPARATOR}false`,
    completionCached: `${model}completion${SEPARATOR}true`,
  };
}
