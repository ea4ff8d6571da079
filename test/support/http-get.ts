import { get, type OutgoingHttpHeaders } from 'node:http';

/** What a server has answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * GET on a connection of its own. A request that is not through after `patience` milliseconds is given up for certain: a `fetch` whose
 * signal is collected as garbage before it fires waits for ever.
 *
 * @throws Error where there is no whole answer in time
 */
export function httpGet(url: string, patience: number, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.once('error', reject);
      response.once('close', () => reject(new Error(`${url}: the answer broke off`)));
    });
    request.once('error', reject);
    const limit = setTimeout(() => request.destroy(new Error(`${url}: no answer within ${patience} ms`)), patience);
    request.once('close', () => clearTimeout(limit));
  });
}
