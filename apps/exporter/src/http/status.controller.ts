import { StateStore } from '@app/aggregates';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { StatusBoard } from '../report/status-board.js';
import { type StatusReport, statusPage, statusReport } from './status-page.js';

/** Token of the path under which metrics are served. */
export const METRICS_PATH = 'EXPORTER:METRICS_PATH';

/** The status page, for people and as JSON. */
@Controller()
export class StatusController {
  readonly #store: StateStore;
  readonly #board: StatusBoard;
  readonly #metricsPath: string;

  constructor(store: StateStore, board: StatusBoard, @Inject(METRICS_PATH) metricsPath: string) {
    this.#store = store;
    this.#board = board;
    this.#metricsPath = metricsPath;
  }

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  page(): string {
    return statusPage(this.json(), this.#metricsPath);
  }

  @Get('status.json')
  @Header('Cache-Control', 'no-store')
  json(): StatusReport {
    return statusReport(this.#board, this.#store, Date.now());
  }
}
