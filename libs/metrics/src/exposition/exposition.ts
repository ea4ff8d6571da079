import type { Writable } from 'node:stream';
import type { RecordedState } from '@app/aggregates';
import type { SelfMetrics } from '../self-metrics.js';
import { TERMINATOR } from './dialect.js';
import { ExpositionCache, type Lease } from './exposition-cache.js';
import { gzipMember } from './gzip.js';
import { acceptsGzip, type NegotiatedFormat, negotiateFormat } from './negotiation.js';
import { processText } from './process-text.js';
import type { StateRenderer } from './render.js';
import { sendChunks } from './send.js';

/** One scrape. */
export interface ScrapeRequest {
  /** The state to be shown; null shows the process alone (W6, W7). */
  readonly state: RecordedState | null;
  /** Whether facts of this process are shown too; those of the server are shown in any case. */
  readonly withProcess: boolean;
  /** The request's Accept header. */
  readonly accept: string | undefined;
  /** The request's Accept-Encoding header. */
  readonly acceptEncoding: string | undefined;
  /** Fires when the scraper's time is up, or it has gone. */
  readonly signal: AbortSignal;
}

/** An answer that is ready to be sent, once. */
export interface ScrapeAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** Writes the body and ends the target; true when all of it was taken. Releases what the answer holds. */
  send(target: Writable): Promise<boolean>;
  /** Releases what the answer holds, for one that is never sent. */
  release(): void;
}

/** Makes answers to scrapes: renders the state, adds the process, compresses, streams. */
export class Exposition {
  readonly #cache: ExpositionCache;

  constructor(
    renderer: Pick<StateRenderer, 'render'>,
    private readonly selfMetrics: SelfMetrics,
  ) {
    this.#cache = new ExpositionCache(async (state, dialect) => {
      const rendered = await renderer.render(state, dialect);
      selfMetrics.rendered(rendered.seconds);
      return rendered;
    });
  }

  /**
   * The answer to a scrape: the state as it is now, whole.
   *
   * @throws what rendering throws, and the signal's reason when it fires before the answer is ready.
   */
  async answer(request: ScrapeRequest): Promise<ScrapeAnswer> {
    const format = negotiateFormat(request.accept);
    const gzip = acceptsGzip(request.acceptEncoding);
    const { state, signal } = request;
    const lease = state === null ? null : await this.#cache.acquire(state, format.dialect, signal);
    try {
      const tail = await this.#tail(format, request);
      const chunks = gzip ? await gzipped(lease, tail) : [...(lease?.rendered.chunks ?? []), tail];
      return { headers: headersOf(format, gzip), ...sending(chunks, lease, signal) };
    } catch (error) {
      lease?.release();
      throw error;
    }
  }

  async #tail({ dialect }: NegotiatedFormat, { withProcess, state }: ScrapeRequest): Promise<Buffer> {
    const { selfMetrics } = this;
    const metrics = await (withProcess ? selfMetrics.read() : selfMetrics.readShared({ withState: state !== null }));
    return Buffer.from(processText(metrics, dialect) + TERMINATOR[dialect], 'utf8');
  }
}

async function gzipped(lease: Lease | null, tail: Buffer): Promise<readonly Buffer[]> {
  return gzipMember(lease === null ? null : await lease.rendered.deflated(), tail);
}

function headersOf({ contentType }: NegotiatedFormat, gzip: boolean): Readonly<Record<string, string>> {
  const headers = { 'Content-Type': contentType, Vary: 'Accept, Accept-Encoding', 'Cache-Control': 'no-store' };
  return gzip ? { ...headers, 'Content-Encoding': 'gzip' } : headers;
}

function sending(
  chunks: readonly Buffer[],
  lease: Lease | null,
  signal: AbortSignal,
): Pick<ScrapeAnswer, 'send' | 'release'> {
  const release = (): void => lease?.release();
  return {
    release,
    send: async (target) => {
      try {
        return await sendChunks(target, chunks, signal);
      } finally {
        release();
      }
    },
  };
}
