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
const tried = `\`pg_recvlogical\` needs one processor beside the server's, the exporter with its Redis two. Where the machine has less, the
ratio is hardly more than that of the processor time a row costs, and the second figure says more than the first.

What was done, oldest first; up to the reading from bytes by \`npm run bench:reading\` with 50,000 rows, on a busy machine, by processor time:

- Metadata of failures was looked up transaction by transaction with the socket held, a round trip for every hundred rows. Now the stream is
  read on, and one statement serves all transactions that wait: 107 → 50 µs a row for pgoutput.
- Steps grow while a stream catches up (up to 250 ms of it): the same series are prepared, encoded and applied less often.
- Deltas lie by bucket and text of the key, and merging takes entries over: merge 6.7 → 3.2 µs, prepare and apply 4.7 → 2.5 µs a row.
- Of wal2json's inserts only the columns that are needed are read (14.0 → 10.7 µs), and not the metadata of a success; of pgoutput's tuples
  no view is made for each text (7.5 → 6.0 µs with the reading of the fact).
- Rows of small transactions are folded straight into the batch, without a delta of their own: wal2json 26.5 → 24.4, pgoutput 18.5 → 16.9 µs.
- Tags that were read before are not parsed again, and the bucket of the last row is remembered: 24.4 → 23.6, 16.9 → 15.5 µs.
- Keys of a model with a word behind it (status, cache, kind of token) are joined once: 23.6 → 21.7, 15.5 → 14.6 µs.
- Rows are read from bytes: of wal2json's inserts what stands between the columns is compared four bytes at a time, no text is made of the
  whole message, counts of tokens become numbers without one, and a text that its column had before (key, team, model, tags) is the same
  string again. Decoding alone, in turn on a busy machine: wal2json 9.5 → 7.2, pgoutput 3.6 → 2.9 µs a row.
- The data of the stream is taken out of what the socket brings before pg and the library make objects, events and a text of the position of
  each message. With the decoding, a catch-up of 200,000 rows by wal2json took 36.0 → 29.8 µs of processor a row, once each, on a machine
  with ten times the load that it has processors.
- Of pgoutput's 19 µs a row a third was V8's collector, most of it in threads of its own, which the server lacks then. What outlives the
  young generation was looked into (V8's sampling heap profiler): two fifths were rows that wait for the metadata of one before them. They
  stand in columns now (\`kept-rows.ts\`): 18.6 → 16.5 µs a row, means of six catch-ups of 500,000 rows each, alternately, on the quiet machine.
- A tenth of a small heap was full four times a second, and all that lives was marked each time. While heap and buffers have less than
  128 MB the heap may grow by what has room, up to 60 % (\`heap-growth.ts\`): 19.2 → 17.7 µs, means of three.

Tried and given up: remembering the keys of series, in a tree by their parts or by API key and model. It saves the joining and hashing of
a dozen texts a row and was slower all the same (fold 6.7 → 10 µs): the remembered keys of 12,000 pairs of key and model don't stay in the
processor's cache, freshly joined texts do. A larger young generation (\`--max-semi-space-size=64\`): 7 % less for pgoutput, nothing for
wal2json, and memory that it would have to be worth. Comparing columns by \`startsWith\` on a text of the message: slower than searching, as V8
compares character by character. By pgoutput and 500,000 rows, two or three rounds each: \`--no-parallel-scavenge\` as fast, \`--single-threaded-gc\` a
tenth slower, \`--max-semi-space-size=8\` 6 % slower for 16 MB less; spend of teams and keys added to their counters row by row, without a
map by id for each transaction: no faster.

Tried and not finished: rows of a step that are alike folded as one, as a seed folds them. With 12,500 rows a step pgoutput took 14.5 → 12.2 µs a row
of \`bench:reading\`, with 5,000 hardly less, and up to a tenth more where no two rows are alike. Labels have to be settled before any
transaction that changes them, large ones included, which was not shown to hold; so it is left out.

On a busy machine the event loop of an exporter that catches up was never idle, and nearly all reads brought 64 kB; in 200,000 rows the socket
was paused once by wal2json, for 40 ms, and five times by pgoutput, for 1.1 s of 14 together. Node.js takes up to 32 reads in one turn, 2 MB: 20
to 75 ms in which neither Redis nor the look-up of metadata is heard, so that by pgoutput some 4,000 rows wait for the metadata of the first
failure among them and live through collections of garbage, which take 18 % of the processor there. A pause of the socket after each 256 kB, so
that others are heard between, made it no better: 24 → 28 µs a row (\`small\`, two rounds each, on a busy machine).`;

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

What the profile has shown (\`--cpu-prof\` of \`bench:reading\`, before the last five of these): decoding inserts 38 %, of which the columns'
texts are a third; reading facts 9 %; folding 24 %; labels of keys and teams 3 %; steps (prepare, apply) 14 %; garbage collection 7 %. The
exporter adds start-up and compilation, and the socket. Next: labels by alias once a batch in place of once a transaction.`,
});

/** Catch-up by pgoutput with the exporter's column list. */
export const catchUpPgoutput = catchUp({
  name: 'catch-up-pgoutput',
  plugin: 'pgoutput',
  title: 'Catch-up, pgoutput with column list',
  ours: 'the exporter taking a backlog in by pgoutput with its column list, state in Redis',
  share: 0.7,
  shortfall: `${tried}

What the profile has shown (\`--cpu-prof\` of \`bench:reading\`, before the last five of these): reading messages 21 %, reading facts
10 %, folding 30 %, labels of keys and teams 4 %, steps (prepare, apply) 21 %, garbage collection 8 %. The whole exporter at 500,000 rows, before the
last two (\`--cpu-prof\`, its main thread): garbage 19 %, finding series in the delta 11 %, reading tuples 6.5 %, adding to spend windows 3 %, no
other function more than 3 %. PostgreSQL alone makes 85,000 rows a second of this on the quiet machine, 12 µs a row, and the exporter's threads
take 16 to 19 µs beside it: two cores are full, so that only less processor makes it faster, and a thread of its own for decoding would not.`,
});
