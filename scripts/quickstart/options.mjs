import { parseArgs } from 'node:util';

export const help = `npm run quickstart [-- options]

Shows the exporter at work on this machine, with nothing installed but Node 20.19 or newer: an own PostgreSQL, LiteLLM's
tables with 30 days of history, a simulated LiteLLM that goes on writing, and the exporter. Ctrl-C ends and removes it all.

  --port <n>   port of the exporter (default: 9090, or a free one where that is taken)
  --rate <n>   simulated requests a second (default: 5)
  --once       end after the first look
  --help       this text`;

/**
 * @typedef {{ port: number | undefined, rate: number, once: boolean, help: boolean }} Options
 * @param {readonly string[]} argv
 * @returns {Options}
 * @throws Error that names the option
 */
export function readOptions(argv) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string' },
      rate: { type: 'string', default: '5' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
    throw new Error(`--port ${values.port}: expected a port from 1 to 65535`);
  }
  const rate = Number(values.rate);
  if (!(rate > 0 && rate <= 10_000)) throw new Error(`--rate ${values.rate}: expected a number above 0, up to 10000`);
  return { port, rate, once: values.once, help: values.help };
}
