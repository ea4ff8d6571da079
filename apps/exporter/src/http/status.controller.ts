import { StateStore } from '@app/aggregates';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { StatusBoard } from '../report/status-board.js';
import { NewestState } from './newest-state.js';
import { type StatusReport, statusPage, statusReport } from './status-page.js';

/** Token of the path under which metrics are served. */
export const METRICS_PATH = 'EXPORTER:METRICS_PATH';

/** The status page, for people and as JSON. */
@Controller()
export class StatusController {
  readonly #store: StateStore;
  readonly #board: StatusBoard;
  readonly #newest: NewestState;
  readonly #metricsPath: string;

  constructor(store: StateStore, board: StatusBoard, newest: NewestState, @Inject(METRICS_PATH) metricsPath: string) {
    this.#store = store;
    this.#board = board;
    this.#newest = newest;
    this.#metricsPath = metricsPath;
  }

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async page(): Promise<string> {
    return statusPage(await this.json(), this.#metricsPath);
  }

  @Get('status.json')
  @Header('Cache-Control', 'no-store')
  async json(): Promise<StatusReport> {
    const outdated = await this.#newest.look();
    return statusReport(this.#board, this.#store, { now: Date.now(), outdated });
  }
}
