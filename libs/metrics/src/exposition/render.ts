import type { RecordedState } from '@app/aggregates';
import type { Family } from '../family.js';
import { StateReading } from '../state-reading.js';
import { run, type Steps } from '../steps.js';
import { BlockWriter } from './blocks.js';
import { Chunks } from './chunks.js';
import type { Dialect } from './dialect.js';
import { writeFamily } from './family-writer.js';
import type { RememberedSamples } from './remembered-samples.js';
import { RenderedState, type WrittenText } from './rendered-state.js';

/** What is rendered, however often. */
export interface RenderSettings {
  /** Enabled families, those about series last. */
  readonly families: readonly Family[];
  /** METRICS_MAX_SERIES_PER_METRIC; 0 = no cap. */
  readonly maxSeries: number;
}

/** Writes states as text, one at a time, and remembers lines from one to the next. */
export class StateRenderer {
  readonly #memory = new Map<string, RememberedSamples>();
  readonly #blocks = new BlockWriter();
  #before: Promise<void> = Promise.resolve();

  constructor(private readonly settings: RenderSettings) {}

  /**
   * The state as it is at the call, whole (W6), or as it is when the step that is being applied to it is in it: it is held until it
   * is written, after those that were asked for earlier. Lets the event loop turn every few milliseconds meanwhile.
   *
   * @throws whatever reading the state throws; the state is released then too.
   */
  async render(state: RecordedState, dialect: Dialect): Promise<RenderedState> {
    while (state.changing !== null) await state.changing;
    const release = state.hold();
    const rendering = this.#before.then(() => this.#render(state, dialect)).finally(release);
    // Not the rendering itself, which would keep its text in memory until the next one (W9).
    const over = (): void => undefined;
    this.#before = rendering.then(over, over);
    return rendering;
  }

  async #render(state: RecordedState, dialect: Dialect): Promise<RenderedState> {
    const started = performance.now();
    const text = await run(this.#write(state, dialect));
    return new RenderedState(state.version, dialect, text, (performance.now() - started) / 1000);
  }

  *#write(state: RecordedState, dialect: Dialect): Steps<WrittenText> {
    const reading = new StateReading(state, this.settings.maxSeries);
    const chunks = new Chunks();
    const place = { dialect, chunks, blocks: this.#blocks, memory: this.#memory };
    for (const family of this.settings.families) {
      if (!family.needs.every((table) => state.entities.present(table))) continue;
      yield* writeFamily(family, reading, place);
    }
    return { chunks: chunks.finish(), giveBack: this.#blocks.finish(chunks.blocks) };
  }
}
