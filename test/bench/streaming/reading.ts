import { type Bench, bench, inTurn } from '../framework/bench.js';
import { Backlog, type Plugin } from './backlog.js';
import { MessageFolding } from './fold-messages.js';
import { libraryReader, ourDecoder } from './messages.js';
import type { BacklogShape } from './write-backlog.js';

const PLUGINS: readonly Plugin[] = ['wal2json', 'pgoutput'];

/** Microseconds of processor a row. */
function measured(messages: readonly Buffer[], rows: number, take: (message: Buffer) => unknown): number {
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (const message of messages) take(message);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

/** Our whole way of a row beside the parsing of the library alone, in one process and by processor time: steady on a busy machine. */
export const reading: Bench = bench<BacklogShape>({
  name: 'reading',
  title: 'From message to state, without socket and store',
  ours: 'decoding, folding, merging and applying the messages of a backlog',
  peer: "the library's own reading of the same messages, and nothing else",
  target: 'none; the guard of the hottest path',
  figures: PLUGINS.map((plugin) => ({ name: plugin, unit: 'µs a row', better: 'less', target: null })),
  sizes: { small: { rows: 20_000, rowsPerTransaction: 100 }, target: { rows: 50_000, rowsPerTransaction: 100 } },
  describe: ({ rows, rowsPerTransaction }) =>
    `${rows.toLocaleString('en-US')} rows in transactions of ${rowsPerTransaction}`,
  rounds: 9,
  warmUp: 2,
  notes: `Messages are taken from the slot once (\`pg_logical_slot_peek_binary_changes\`) and held in memory; the state is the same in all rounds,
so that its series are there already, as in a process that has run for a while. The library is
\`pg-logical-replication\`, whose readers give every column as a value.`,
  prepare: async ({ shape, say, version }) => {
    const backlog = await Backlog.open({ ...shape, plugins: PLUGINS });
    for (const [program, number] of backlog.versions) version(program, number);
    const messages = new Map<Plugin, readonly Buffer[]>();
    for (const plugin of PLUGINS) messages.set(plugin, await backlog.messages(plugin));
    await backlog[Symbol.asyncDispose]();
    say('the messages are in memory');
    const foldings = new Map(PLUGINS.map((plugin) => [plugin, new MessageFolding(ourDecoder(plugin))]));
    const once = (index: number, plugin: Plugin) => {
      const own = messages.get(plugin) ?? [];
      const folding = foldings.get(plugin) as MessageFolding;
      return inTurn(
        index,
        async () => {
          const before = folding.rows;
          const result = measured(own, shape.rows, (message) => folding.take(message));
          const rows = folding.rows - before;
          if (rows !== shape.rows) throw new Error(`${rows} of ${shape.rows} rows were folded`);
          return result;
        },
        async () => {
          const reader = libraryReader(plugin);
          return measured(own, shape.rows, (message) => reader.parse(message));
        },
      );
    };
    return {
      round: async (index) => ({ wal2json: await once(index, 'wal2json'), pgoutput: await once(index, 'pgoutput') }),
      [Symbol.asyncDispose]: async () => {},
    };
  },
});
