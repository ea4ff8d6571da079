import { type Bench, bench, inTurn } from '../framework/bench.js';
import { Backlog } from './backlog.js';
import type { BacklogShape } from './write-backlog.js';

/** With the response, which is a quarter of it, 30 kB. */
const PROMPT_BYTES = 24_000;

/** What a column list is worth once rows carry prompts. */
export const wideRows: Bench = bench<BacklogShape>({
  name: 'catch-up-wide-rows',
  title: 'Catch-up of rows with 30 kB of messages and response',
  ours: 'the exporter by pgoutput, whose column list leaves them in the server',
  peer: 'the exporter by wal2json, which has whole rows sent',
  target: 'reported; pgoutput ≥ 5 ×',
  figures: [
    { name: 'rate', unit: 'rows/s', better: 'more', target: { of: 'ratio', atLeast: 5 } },
    { name: 'pg_recvlogical', unit: 'rows/s', better: 'more', target: null, guard: 'none' },
  ],
  sizes: { small: { rows: 5_000, rowsPerTransaction: 100 }, target: { rows: 20_000, rowsPerTransaction: 100 } },
  describe: ({ rows, rowsPerTransaction }) =>
    `${rows.toLocaleString('en-US')} rows in transactions of ${rowsPerTransaction}, stored in Redis`,
  notes: `The same backlog and the same server; a slot and a Redis for each plugin. PostgreSQL puts the texts together out of their TOAST
chunks either way, and that is most of its work: what the list of columns is worth to a client that does nothing shows in the second
figure.`,
  shortfall: `\`pg_recvlogical\`, which does nothing with what it gets, gains three to four times by the list of columns and not five: the
server reads the large texts from the log and puts them together before pgoutput leaves them out. So five times is more than PostgreSQL 15
has to give here. Reading only the columns that are needed has made wal2json, the peer, faster too.`,
  prepare: async ({ shape, say, version }) => {
    const backlog = await Backlog.open({ ...shape, plugins: ['wal2json', 'pgoutput'], promptBytes: PROMPT_BYTES });
    for (const [program, number] of backlog.versions) version(program, number);
    say('the backlog is written');
    const by = (plugin: 'wal2json' | 'pgoutput') => async () => (await backlog.byExporter(plugin)).rowsPerSecond;
    return {
      round: async (index) => ({
        rate: await inTurn(index, by('pgoutput'), by('wal2json')),
        pg_recvlogical: await inTurn(
          index,
          () => backlog.byRecvlogical('pgoutput'),
          () => backlog.byRecvlogical('wal2json'),
        ),
      }),
      [Symbol.asyncDispose]: () => backlog[Symbol.asyncDispose](),
    };
  },
});
