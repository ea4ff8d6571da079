import { StateStore } from '@app/aggregates';
import { Controller, Get, Header, Res } from '@nestjs/common';
import type { Response } from 'express';
import { whyNoState, whyNotOurs } from '../report/state-owner.js';
import { StatusBoard } from '../report/status-board.js';

/**
 * Probes. Liveness depends on nothing; readiness on a whole state, not on leadership nor on freshness, which are for
 * alerts: a replica that waited for leadership would block every rolling update.
 */
@Controller()
export class HealthController {
  readonly #store: StateStore;

  readonly #board: StatusBoard;

  constructor(store: StateStore, board: StatusBoard) {
    this.#store = store;
    this.#board = board;
  }

  /** The event loop turns. */
  @Get('livez')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  live(): string {
    return 'ok\n';
  }

  /** The process has started and answers. */
  @Get('healthz')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  healthy(): string {
    return 'ok\n';
  }

  /** A whole state can be served. */
  @Get('readyz')
  ready(@Res() response: Response): void {
    const { status } = this.#board;
    const whyNot = whyNoState(this.#store, status) ?? whyNotOurs(this.#store, status);
    response
      .status(whyNot === null ? 200 : 503)
      .type('text/plain')
      .send(`${whyNot ?? 'ok'}\n`);
  }
}
