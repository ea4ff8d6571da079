import { type Bench, bench, inTurn } from '../framework/bench.js';
import { Backlog, type Drained, type Plugin } from './backlog.js';
import type { BacklogShape } from './write-backlog.js';

const described = ({ rows, rowsPerTransaction }: BacklogShape): string =>
  `${rows.toLocaleString('en-US')} rows in transactions of ${rowsPerTransaction}, stored in Redis`;

const sizes = {
  small: { rows: 150_000, rowsPerTransaction: 100 },
  target: { rows: 500_000, rowsPerTransaction: 100 },
} as const;

const notes = `Both drain the same backlog, each from a copy of the same slot (\`pg_copy_logical_replication_slot\`), and ask the plugin for
the same options, as the server's log has them. Time runs from START_REPLICATION in that log until pg_recvlogical ends at the last commit,
and until that commit is stored in Redis. The rows are the simulator's, repeated inside the server with other ids and times.`;

/** What holds for both plugins. */
const tried = `The runs shown here were made on two cores that a dozen other processes kept busy (the load stands with each run).
\`pg_recvlogical\` needs one processor beside the server's, the exporter with its Redis two; where there is less than one, the ratio is
hardly more than that of the processor time a row costs, and the second figure says more than the first.

What was done, by that figure on the same machine (\`small\`, before and after, of which the first was measured with half of the rows):
90 → 58 µs a row for wal2json, 107 → 30 µs for pgoutput, at other sizes and loads before and after: no paired comparison.

- Metadata of failures was looked up transaction by transaction with the socket held, a round trip for every hundred rows: nearly all of
  pgoutput's time. Now the stream is read on, and one statement serves all transactions that wait: 107 → 50 µs.
- Steps grow while a stream catches up (up to 250 ms of it): the same series are prepared, encoded and applied less often.
- Deltas lie by bucket and text of the key, and merging takes entries over instead of adding them up anew: merge 6.7 → 3.2 µs, prepare and
  apply 4.7 → 2.5 µs a row.
- Of wal2json's inserts only the columns that are needed are read (14.0 → 10.7 µs, \`JSON.parse\` of the message alone: 11.2); of
  pgoutput's tuples no view is made for each text (7.5 → 6.0 µs with the reading of the fact).

Tried and given up: remembering the keys of series, in a tree by their parts or by API key and model. It saves the joining and hashing of
a dozen texts a row and was slower all the same (fold 6.7 → 10 µs): the remembered keys of 12,000 pairs of key and model don't stay in the
processor's cache, freshly joined texts do.`;

interface CatchUp {
  readonly name: string;
  readonly plugin: Plugin;
  readonly title: string;
  readonly ours: string;
  readonly share: number;
  readonly shortfall: string;
}

function catchUp({ name, plugin, title, ours, share, shortfall }: CatchUp): Bench {
  return bench<BacklogShape>({
    ...{ name, title, ours, sizes, notes, shortfall, describe: described },
    peer: '`pg_recvlogical` draining the same backlog to /dev/null',
    target: `≥ ${share.toFixed(2)} of its rate`,
    figures: [
      { name: 'rate', unit: 'rows/s', better: 'more', target: { of: 'ratio', atLeast: share } },
      { name: 'processor', unit: 'µs a row', better: 'less', target: null },
    ],
    prepare: async ({ shape, say, version }) => {
      const backlog = await Backlog.open({ ...shape, plugins: [plugin] });
      for (const [program, number] of backlog.versions) version(program, number);
      say('the backlog is written');
      let drained: Drained | null = null;
      return {
        round: async (index) => {
          const rate = await inTurn(
            index,
            async () => {
              drained = await backlog.byExporter(plugin);
              return drained.rowsPerSecond;
            },
            () => backlog.byRecvlogical(plugin),
          );
          return { rate, processor: { ours: drained?.microsecondsPerRow ?? Number.NaN } };
        },
        [Symbol.asyncDispose]: () => backlog[Symbol.asyncDispose](),
      };
    },
  });
}

/** Catch-up by wal2json beside the fastest thing that can read it. */
export const catchUpWal2json = catchUp({
  name: 'catch-up-wal2json',
  plugin: 'wal2json',
  title: 'Catch-up, wal2json',
  ours: 'the exporter taking a backlog in by wal2json, state in Redis',
  share: 0.9,
  shortfall: `${tried}

What the profile shows now (\`--cpu-prof\` of the exporter): reading inserts 26 %, reading facts 7 %, folding 11 %, finishing and merging
transactions 12 %, steps (prepare, encode, apply) 8 %, garbage collection 7 %, the rest socket, library and start-up. Of the inserts
\`metadata\` is the dearest column and is looked at for failures only; next: not to read it for a success, and to fold small transactions
straight into the batch, without a delta of their own (a sketch of it took 6 µs a row less).`,
});

/** Catch-up by pgoutput with the exporter's column list. */
export const catchUpPgoutput = catchUp({
  name: 'catch-up-pgoutput',
  plugin: 'pgoutput',
  title: 'Catch-up, pgoutput with column list',
  ours: 'the exporter taking a backlog in by pgoutput with its column list, state in Redis',
  share: 0.7,
  shortfall: `${tried}

What the profile shows now (\`--cpu-prof\` of the exporter): folding 18 %, garbage collection 18 %, finishing and merging transactions
16 %, reading messages 11 %, reading facts 8 %, steps (prepare, encode, apply) 5 %, the rest socket, library and start-up. PostgreSQL makes
30,000 to 40,000 rows a second of this on the same busy machine, which leaves 25 to 33 µs a row for everything: at that rate the exporter
would need a whole processor for itself. Next: folding small transactions straight into the batch, without a delta of their own (a sketch
of it took 6 µs a row less), which is also what most of the garbage is.`,
});
