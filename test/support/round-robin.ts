import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** One HTTP address in front of several servers. */
export interface RoundRobin extends AsyncDisposable {
  readonly port: number;
  /** How many answers each target has given. */
  readonly answers: ReadonlyMap<number, number>;
}

/** Hands each request to the next of these ports of this machine that accepts, as no kept-alive connection would. */
export async function roundRobin(targets: readonly number[]): Promise<RoundRobin> {
  const answers = new Map(targets.map((target) => [target, 0]));
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const first = turn++ % targets.length;
    forward({ incoming, outgoing, answers }, [...targets.slice(first), ...targets.slice(0, first)]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    answers,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly answers: Map<number, number>;
}

function forward(exchange: Exchange, [target, ...others]: readonly number[]): void {
  const { incoming, outgoing, answers } = exchange;
  if (target === undefined) {
    outgoing.writeHead(502).end();
    return;
  }
  const { url = '/', headers } = incoming;
  const asked = request({ host: '127.0.0.1', port: target, path: url, headers, agent: false }, (answer) => {
    answers.set(target, (answers.get(target) ?? 0) + 1);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    // An answer that breaks off must not look like a whole one.
    answer.once('close', () => {
      if (!answer.complete) outgoing.destroy();
    });
  });
  asked.once('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else forward(exchange, others);
  });
  asked.end();
}
