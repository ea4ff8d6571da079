import { StateStore } from '@app/aggregates';
import { Supervisor } from '@app/pipeline';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { StatusBoard } from './report/status-board.js';

/** Runs the pipeline for as long as the application lives. */
@Injectable()
export class ExporterService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  readonly #supervisor: Supervisor;
  readonly #store: StateStore;
  readonly #board: StatusBoard;
  #running: Promise<void> = Promise.resolve();

  constructor(supervisor: Supervisor, store: StateStore, board: StatusBoard) {
    this.#supervisor = supervisor;
    this.#store = store;
    this.#board = board;
  }

  /** Starts without waiting: probes and self-metrics answer while the first seed runs. */
  onApplicationBootstrap(): void {
    this.#running = this.#supervisor.run(this.#stopping.signal);
  }

  /** Drains: what was gathered is stored and confirmed, the slot is let go of, then the store. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#board.enter('stopping');
    this.#stopping.abort(new Error('the process is being stopped'));
    await this.#running;
    await this.#store.close();
  }
}
